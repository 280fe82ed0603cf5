use super::*;
use crate::legacy::soap::xml::{self, Element, Limits};
use std::collections::BTreeSet;

const BASE: &str = "http://h:1";
const VERSIONS: [Version; 4] = [
    Version::V2006,
    Version::V2007,
    Version::V2008,
    Version::V2009,
];

fn read(version: Version) -> Element {
    xml::parse(wsdl(version, BASE).as_bytes(), &Limits::default()).unwrap()
}

fn schema(version: Version, schema: Schema) -> Element {
    let page = schema.node(version).page();
    xml::parse(page.as_bytes(), &Limits::default()).unwrap()
}

fn named<'a>(of: &'a Element, namespace: &'a str, name: &'a str) -> Vec<&'a str> {
    let children = of.children.iter().filter(|it| it.is(namespace, name));
    children
        .map(|it| it.attribute(None, "name").unwrap())
        .collect()
}

#[test]
fn l1_every_version_has_its_own_operations_and_no_other() {
    for version in VERSIONS {
        let own: Vec<&str> = operations(version).map(|it| it.name).collect();
        let mut sorted = own.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, version.actions(), "{version:?}");
        let root = read(version);
        let mut described = BTreeSet::new();
        for port_type in root.children.iter().filter(|it| it.is(WSDL, "portType")) {
            described.extend(named(port_type, WSDL, "operation"));
        }
        assert_eq!(described.into_iter().collect::<Vec<_>>(), version.actions());
        let elements = Schema::of(version).map(|it| schema(version, it));
        for name in own {
            let has = |name: &str| {
                let mut all = elements
                    .iter()
                    .flat_map(|it| named(it, XML_SCHEMA, "element"));
                all.any(|own| own == name)
            };
            assert!(
                has(name) && has(&format!("{name}Response")),
                "{version:?} {name}"
            );
        }
    }
}

#[test]
fn l8_port_types_bindings_and_ports() {
    for version in VERSIONS {
        let root = read(version);
        assert_eq!(
            root.attribute(None, "targetNamespace"),
            Some(&*version.namespace())
        );
        let (types, bindings): (&[&str], &[&str]) = match version.generation() {
            Generation::First => (
                &["QueueService", "MessageQueue"],
                &["QueueServiceBinding", "MessageQueueBinding"],
            ),
            Generation::Second => (
                &["QueueService"],
                &["QueueServiceBinding", "QueueServiceBinding12"],
            ),
        };
        assert_eq!(named(&root, WSDL, "portType"), types);
        assert_eq!(named(&root, WSDL, "binding"), bindings);
        let service = root.child(WSDL, "service").unwrap();
        let ports: Vec<&Element> = service
            .children
            .iter()
            .filter(|it| it.name == "port")
            .collect();
        for (port, binding) in ports.iter().zip(bindings) {
            let own = format!("sqs:{binding}");
            assert_eq!(port.attribute(None, "binding"), Some(&*own));
            let address = &port.children[0];
            assert_eq!(address.attribute(None, "location"), Some("http://h:1/"));
        }
        let soap_12 = ports.last().unwrap().children[0].namespace.as_deref();
        let expected = [WSDL_SOAP_11, WSDL_SOAP_12][usize::from(!version.is_first())];
        assert_eq!(soap_12, Some(expected));
    }
}

/// Everything that a WSDL refers to is there: messages of operations, elements of messages, types
/// of elements.
#[test]
fn l8_nothing_is_referred_to_that_is_not_there() {
    for version in VERSIONS {
        let root = read(version);
        let messages: BTreeSet<String> = named(&root, WSDL, "message")
            .into_iter()
            .map(|it| format!("sqs:{it}"))
            .collect();
        let mut elements = BTreeSet::new();
        let mut types = BTreeSet::new();
        let mut used = BTreeSet::new();
        for it in Schema::of(version) {
            let schema = schema(version, it);
            let own = |name: &str| format!("{}:{name}", it.prefix());
            elements.extend(named(&schema, XML_SCHEMA, "element").into_iter().map(own));
            types.extend(
                named(&schema, XML_SCHEMA, "complexType")
                    .into_iter()
                    .map(own),
            );
            attributes(&schema, "type", &mut used);
            attributes(&schema, "base", &mut used);
        }
        used.retain(|it| !it.starts_with("xs:"));
        assert_eq!(
            used.difference(&types).collect::<Vec<_>>(),
            Vec::<&String>::new()
        );
        let mut used = BTreeSet::new();
        attributes(&root, "message", &mut used);
        assert_eq!(used, messages, "{version:?}");
        let mut used = BTreeSet::new();
        attributes(&root, "element", &mut used);
        assert_eq!(used, elements, "{version:?}");
    }
}

/// Values of all attributes of that name.
fn attributes(of: &Element, name: &str, found: &mut BTreeSet<String>) {
    found.extend(of.attribute(None, name).map(String::from));
    for child in &of.children {
        attributes(child, name, found);
    }
}

#[test]
fn l8_schemas_stand_beside_the_wsdl_and_from_2009_in_it() {
    for version in VERSIONS {
        let root = read(version);
        let types = root.child(WSDL, "types").unwrap();
        if version == Version::V2009 {
            let spaces: Vec<_> = types
                .children
                .iter()
                .map(|it| it.attribute(None, "targetNamespace").unwrap())
                .collect();
            let own = Schema::of(version).map(|it| it.namespace(version));
            assert_eq!(spaces, own);
            continue;
        }
        let mut locations = BTreeSet::new();
        attributes(types, "schemaLocation", &mut locations);
        let files = Schema::of(version).map(|it| it.file());
        let expected = files.map(|it| format!("http://h:1/doc/{}/{it}", version.date()));
        assert_eq!(locations, BTreeSet::from(expected));
    }
}

#[test]
fn l8_credentials_are_in_the_body_first_and_in_headers_later() {
    for version in VERSIONS {
        let text = wsdl(version, BASE);
        assert_eq!(text.contains("soap:header"), !version.is_first());
        let queue = Schema::Queue.node(version).page();
        for name in CREDENTIALS {
            let element =
                format!("<xs:element name=\"{name}\" type=\"xs:string\" minOccurs=\"0\"/>");
            assert_eq!(
                queue.contains(&element),
                version.is_first(),
                "{version:?} {name}"
            );
        }
    }
    let security = schema(Version::V2008, Schema::Security);
    assert_eq!(named(&security, XML_SCHEMA, "element"), CREDENTIALS);
}

#[test]
fn l8_3_order_of_2009() {
    let queue = schema(Version::V2009, Schema::Queue);
    let order = |name: &str| -> Vec<String> {
        let element = queue
            .children
            .iter()
            .find(|it| it.name == "element" && it.attribute(None, "name") == Some(name));
        let sequence = &element.unwrap().children[0].children[0];
        let names = named(sequence, XML_SCHEMA, "element");
        names.into_iter().map(String::from).collect()
    };
    let create = ["QueueName", "DefaultVisibilityTimeout", "Attribute"];
    assert_eq!(order("CreateQueue"), create);
    assert_eq!(order("ListQueues"), ["QueueNamePrefix", "Attribute"]);
}

#[test]
fn a_host_with_odd_characters_stays_an_attribute() {
    let page = wsdl(Version::V2008, "http://a\"><x&");
    let root = xml::parse(page.as_bytes(), &Limits::default()).unwrap();
    let mut locations = BTreeSet::new();
    attributes(&root, "location", &mut locations);
    assert_eq!(locations, BTreeSet::from(["http://a\"><x&/".to_owned()]));
}
