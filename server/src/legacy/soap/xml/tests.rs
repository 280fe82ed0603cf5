use super::*;
use proptest::prelude::*;

fn read(document: &str) -> Result<Element, XmlError> {
    parse(document.as_bytes(), &Limits::default())
}

fn text(document: &str) -> String {
    read(document).unwrap().text
}

#[test]
fn names_have_the_namespaces_of_their_prefixes() {
    let root = read(
        "<?xml version='1.0' encoding='utf-8'?>\n<!-- a --><s:a xmlns:s='urn:s' xmlns='urn:d' \
         s:x='1' x='2'><b/><c xmlns=''><d/></c><s:e xmlns:s='urn:t'/><s:f/></s:a>\n<!-- b -->\n",
    )
    .unwrap();
    assert!(root.is("urn:s", "a"));
    assert_eq!(root.attribute(Some("urn:s"), "x"), Some("1"));
    assert_eq!(root.attribute(None, "x"), Some("2"));
    assert_eq!(root.attributes.len(), 2, "declarations are no attributes");
    let names: Vec<(Option<&str>, &str)> = root
        .children
        .iter()
        .map(|child| (child.namespace.as_deref(), child.name.as_str()))
        .collect();
    let expected = [
        (Some("urn:d"), "b"),
        (None, "c"),
        (Some("urn:t"), "e"),
        (Some("urn:s"), "f"),
    ];
    assert_eq!(names, expected);
    assert_eq!(root.children[1].children[0].namespace, None);
    // They are compared as they are meant, not as they are escaped.
    let escaped = read("<a xmlns='urn:&#x61;&amp;\tb'/>").unwrap();
    assert!(escaped.is("urn:a& b", "a"));
    assert!(root.child("urn:s", "f").is_some() && root.child("urn:s", "e").is_none());
}

#[test]
fn text_is_joined_and_kept_but_for_ends_of_lines() {
    assert_eq!(text("<a>  x<!-- y -->z\t</a>"), "  xz\t");
    assert_eq!(
        text("<a>1\r\n2\r3\n4&#13;\n5&#xD;</a>"),
        "1\n2\n3\n4\r\n5\r"
    );
    assert_eq!(text("<a>x<![CDATA[<&\r\n]]>y</a>"), "x<&\ny");
    assert_eq!(
        text("<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x20AC;</a>"),
        "<>&'\"A\u{20ac}"
    );
    assert_eq!(text("\u{feff}<a>b</a>"), "b");
    assert_eq!(text("<a b='c'/>"), "");
    let attribute = read("<a b='x&#10;y\nz&lt;'/>").unwrap();
    assert_eq!(attribute.attribute(None, "b"), Some("x\ny z<"));
}

#[test]
fn s5_7_characters_that_xml_has_not_are_left_to_the_action() {
    assert_eq!(text("<a>&#1;\u{2}&#xFFFE;</a>"), "\u{1}\u{2}\u{fffe}");
}

#[test]
fn no_document_type_and_no_entities() {
    let bomb = "<!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;&b;'>]><a>&c;</a>";
    let external = "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>";
    let subset = "<!DOCTYPE a SYSTEM 'http://localhost/a.dtd'><a/>";
    for document in [bomb, external, subset] {
        assert_eq!(read(document), Err(XmlError::DocumentType), "{document}");
    }
    let error = read("<a>&nbsp;</a>").unwrap_err();
    assert_eq!(error, XmlError::Entity("nbsp".into()));
    for document in [
        "<a b='&c;'/>",
        "<a>&#0xD800;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a>&#99999999999;</a>",
        "<a>&#+5;</a>",
        "<a>&#;</a>",
        "<a>&#x;</a>",
        "<a>& b</a>",
        "<a>&lt</a>",
    ] {
        assert!(
            matches!(read(document), Err(XmlError::Malformed(..))),
            "{document}"
        );
    }
}

#[test]
fn what_is_no_xml_is_refused() {
    for document in [
        "",
        " ",
        "text",
        "<a>",
        "<a></b>",
        "</a>",
        "<a/><b/>",
        "<a/>text",
        "text<a/>",
        "<a/>&amp;",
        "<![CDATA[x]]><a/>",
        "<a><?php x ?></a>",
        "<?xml-stylesheet href='x'?><a/>",
        "<a/><?xml version='1.0'?>",
        " <?xml version='1.0'?><a/>",
        "<?xml version='1.1'?><a/>",
        "<a b='1' b='2'/>",
        "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
        "<?xml version='1.0' version='1.0'?><a/>",
        "<?xml version='1.0' other='1'?><a/>",
        "<?xml version='1.0'encoding='utf-8'?><a/>",
        "<?xml encoding='utf-8' version='1.0'?><a/>",
        "<?xml encoding='utf-8'?><a/>",
        "<a b='1'c='2'/>",
        "<a b/>",
        "<a b=c/>",
        "<a b='<'/>",
        "<p:a/>",
        "<a p:b='1'/>",
        "<a xmlns:p=''><p:b/></a>",
        "<a xmlns:p=''/>",
        "<a xmlns='u&b;'/>",
        "<a:b:c xmlns:a='u'/>",
        "<1a/>",
        "<a<b/>",
        "<a>]]></a>",
        "<!-- a -- b --><a/>",
        "<a xmlns:xmlns='u'/>",
        "<a><!-- b</a>",
    ] {
        let error = read(document).unwrap_err();
        assert!(
            matches!(error, XmlError::Malformed(..)),
            "{document}: {error}"
        );
    }
}

#[test]
fn only_utf_8_is_read() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>";
    let wide: Vec<u8> = "\u{feff}<a/>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for document in [&latin[..], b"<a>\xff</a>", &wide] {
        let error = parse(document, &Limits::default()).unwrap_err();
        assert!(matches!(error, XmlError::Encoding(_)), "{error}");
    }
    let error = read("<?xml version='1.0' encoding='utf-16'?><a/>").unwrap_err();
    assert_eq!(error, XmlError::Encoding("utf-16".into()));
}

/// The prefix that needs no declaration.
#[test]
fn the_prefix_xml_is_always_declared() {
    let root = read(
        "<?xml version='1.0' standalone='yes'?><a xml:space='preserve' xml:lang='en' \
         xmlns:xml='http://www.w3.org/XML/1998/namespace'> </a>",
    );
    let root = root.unwrap();
    let space = Some("http://www.w3.org/XML/1998/namespace");
    assert_eq!(root.attribute(space, "space"), Some("preserve"));
    assert_eq!(
        (root.attribute(space, "lang"), &*root.text),
        (Some("en"), " ")
    );
}

/// What a bound counts, the most that may be, and a document with so much of it.
type Bound<'a> = (&'static str, usize, &'a dyn Fn(usize) -> String);

/// Every bound: a document just inside it is read, one just outside is refused, and by that bound.
#[test]
fn every_bound_holds_exactly() {
    let limits = Limits {
        bytes: 4_000,
        depth: 5,
        elements: 20,
        attributes: 4,
        name_bytes: 10,
        value_bytes: 30,
    };
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    let many = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count - 1));
    let wide = |count: usize| {
        let attributes: String = (0..count).map(|it| format!(" x{it}='1'")).collect();
        format!("<a{attributes}/>")
    };
    let spaces = |count: usize| {
        let declared: String = (0..count).map(|it| format!(" xmlns:x{it}='1'")).collect();
        format!("<a{declared}/>")
    };
    let named = |length: usize| format!("<{}/>", "n".repeat(length));
    let named_attribute = |length: usize| format!("<a {}='1'/>", "n".repeat(length));
    let valued = |length: usize| format!("<a b='{}'/>", "v".repeat(length));
    let space = |length: usize| format!("<a xmlns='{}'/>", "v".repeat(length));
    let long = |length: usize| format!("<a>{}</a>", "t".repeat(length - 7));
    let bounds: [Bound<'_>; 9] = [
        ("elements inside each other", limits.depth, &nested),
        ("elements", limits.elements, &many),
        ("attributes in one element", limits.attributes, &wide),
        ("attributes in one element", limits.attributes, &spaces),
        ("bytes in a name", limits.name_bytes, &named),
        ("bytes in a name", limits.name_bytes, &named_attribute),
        ("bytes in an attribute's value", limits.value_bytes, &valued),
        ("bytes in an attribute's value", limits.value_bytes, &space),
        ("bytes", limits.bytes, &long),
    ];
    for (what, most, document) in bounds {
        assert!(parse(document(most).as_bytes(), &limits).is_ok(), "{what}");
        let refused = parse(document(most + 1).as_bytes(), &limits);
        assert_eq!(refused, Err(XmlError::TooMuch(what, most)));
    }
}

/// What costs most inside the default bounds is read at once.
#[test]
fn hostile_documents_inside_the_length_are_cheap() {
    let size = Limits::default().bytes;
    let attributes = format!("<a{}/>", " b=''".repeat(size / 5 - 2));
    let spaces: String = (0..size / 24)
        .map(|it| format!(" xmlns:x{it:07}='u'"))
        .collect();
    let deep = "<a>".repeat(size / 3);
    let references = format!("<a>{}</a>", "&#13;".repeat(size / 5 - 2));
    let open = "<".repeat(size);
    for document in [attributes, format!("<a{spaces}/>"), deep, open] {
        assert!(read(&document).is_err());
    }
    assert_eq!(text(&references).len(), size / 5 - 2);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, &Limits::default());
    }

    #[test]
    fn any_markup_is_read_or_refused(
        pieces in proptest::collection::vec(prop::sample::select(vec![
            "<a", "<p:b", "</a>", "</p:b>", ">", "/>", " xmlns='u'", " xmlns:p='v'", " c='d'", "'",
            "&amp;", "&#13;", "&x;", "<!--", "-->", "<![CDATA[", "]]>", "<?x", "?>", "<!DOCTYPE a",
            "t", " ", "\u{20ac}",
        ]), 0..40)
    ) {
        let _ = read(&pieces.concat());
    }

    #[test]
    fn any_text_comes_back_as_it_was_escaped(text in any::<String>()) {
        let escaped: String = text
            .chars()
            .map(|it| match it {
                '<' | '&' | '>' | '\r' | '\0' => format!("&#{};", u32::from(it)),
                other => other.to_string(),
            })
            .collect();
        prop_assert_eq!(read(&format!("<a>{escaped}</a>")).unwrap().text, text);
    }
}
