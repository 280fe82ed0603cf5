//! SOAP of 2006-04-01, 2007-05-01, 2008-01-01 and 2009-02-01 (L8): requests in envelopes, answers
//! and faults in envelopes, and the WSDL and schemas from which toolkits make clients.
//!
//! [`xml`] reads documents inside bounds, [`envelope`] takes the call out of one, [`request`] makes
//! parameters of it, under the names of Query; [`refused`] prints faults. [`table`] has the
//! operations of each version, of which [`wsdl`] and [`schema`] make pages.

pub mod envelope;
mod names;
mod page;
pub mod refused;
pub mod request;
mod schema;
mod table;
mod wsdl;
pub mod xml;

use super::sign::Proof;
use super::version::Version;
use super::{Action, Answer, Caller, Fault, print};
use crate::config::Config;
use crate::http::body::Body;
use crate::http::head::Head;
use crate::service::Service;
use crate::wire::query::Xml;
use crate::wire::{Printed, Refusal};
use envelope::{Envelope, Soap};
use hyper::{Method, StatusCode};
use refused::Refused;
use request::Request;
use schema::Schema;
use xml::Limits;

/// Types of bodies that are SOAP (L8).
const TYPES: [&str; 3] = ["text/xml", "text-xml-soap", "application/soap+xml"];
/// The version whose WSDL the service's own address shows.
const NEWEST: Version = Version::V2009;

/// Whether a request is SOAP (L4.9, L8): a POST with the header `SOAPAction` or a type of SOAP's.
pub fn is_spoken(head: &Head) -> bool {
    let has_type = || {
        let kind = head.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        TYPES.iter().any(|soap| kind.eq_ignore_ascii_case(soap))
    };
    head.method == Method::POST && (head.headers.contains_key("soapaction") || has_type())
}

/// Answers a request. `None`: the connection ends without an answer, which only tests ask for.
pub async fn answer(
    service: &Service,
    head: &Head,
    body: &Body,
    request_id: &str,
) -> Option<Printed> {
    let (soap, request) = match read(head, &body.plain) {
        Ok(read) => read,
        Err((soap, refused)) => {
            tracing::debug!(request_id, code = refused.name(), "no request of SOAP's");
            return Some(refused.print(soap, request_id));
        }
    };
    let (version, action) = (request.version, request.action);
    let outcome = service.legacy(version, action, request_id, async {
        carry_out(service, head, &request).await
    });
    Some(match outcome.await? {
        Ok(answer) => printed(soap, version, action, &answer, request_id),
        Err(fault) => Refused::Fault(version, fault).print(soap, request_id),
    })
}

/// Reads a request. The error is with the version of SOAP in which to tell it.
pub fn read(head: &Head, body: &[u8]) -> Result<(Soap, Request), (Soap, Refused)> {
    if let Some(charset) = parameter(head, "charset")
        && !xml::is_read(&charset)
    {
        let error = xml::XmlError::Encoding(charset);
        return Err((Soap::V11, Refused::Malformed(error.to_string())));
    }
    let envelope = Envelope::read(body, &Limits::default())?;
    let soap = envelope.soap;
    // SOAP 1.2 has it in the type of the body.
    let action = match head.header("soapaction") {
        Some(action) => Some(action.trim().trim_matches('"').to_owned()),
        None => parameter(head, "action"),
    };
    // Answers to a version of SOAP that is not spoken come in the older one.
    let request = Request::read(&envelope, action.as_deref()).map_err(|refused| match refused {
        Refused::VersionMismatch(_) => (Soap::V11, refused),
        _ => (soap, refused),
    })?;
    Ok((soap, request))
}

/// A parameter of the header `Content-Type`.
fn parameter(head: &Head, wanted: &str) -> Option<String> {
    let parameters = head.header("content-type")?.split(';').skip(1);
    parameters
        .filter_map(|it| it.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

async fn carry_out(service: &Service, head: &Head, request: &Request) -> Result<Answer, Fault> {
    let Request {
        version,
        action,
        params,
        credentials,
    } = request;
    let proof = Proof::Soap {
        action,
        key_id: credentials.key_id.as_deref(),
        timestamp: credentials.timestamp.as_deref(),
        signature: credentials.signature.as_deref(),
    };
    let (identity, region) = service.verifier(*version, head).identify(proof)?;
    let caller = Caller {
        service,
        head,
        identity: &identity,
        region: &region,
    };
    let action = Action::read(*version, action, params, &head.path)?;
    super::perform(*version, caller, action).await
}

/// An answer in its envelope (L7.6).
fn printed(
    soap: Soap,
    version: Version,
    action: &str,
    answer: &Answer,
    request_id: &str,
) -> Printed {
    let mut xml = Xml::new();
    xml.open(&format!(
        "soap:Envelope xmlns:soap=\"{}\"",
        soap.namespace()
    ));
    xml.element("soap:Body", |xml| {
        print::element(xml, version, action, answer, request_id);
    });
    xml.close("soap:Envelope");
    Printed {
        status: StatusCode::OK,
        content_type: Some(soap.content_type()),
        query_error: None,
        body: xml.finish(),
    }
}

/// The fault for a request whose body could not be read whole, in its HTTP status.
pub fn refuse(refusal: &Refusal, request_id: &str) -> Printed {
    let refused = Refused::Malformed(refusal.text().into());
    Printed {
        status: StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST),
        ..refused.print(Soap::V11, request_id)
    }
}

/// The WSDL or schema that a GET asks for: `/doc/<version>/<file>`, and `?wsdl` at
/// `/doc/<version>/` or, for the newest version, at `/`.
pub fn page(config: &Config, head: &Head) -> Option<Printed> {
    let asks = head.query.eq_ignore_ascii_case("wsdl");
    let (version, file) = match head.path.strip_prefix("/doc/") {
        None if head.path == "/" && asks => (NEWEST, wsdl::FILE),
        None => return None,
        Some(rest) => {
            let (date, file) = rest.split_once('/').unwrap_or((rest, ""));
            (Version::parse(date)?, if asks { wsdl::FILE } else { file })
        }
    };
    // One that speaks SOAP.
    table::operations(version).next()?;
    let text = match file {
        wsdl::FILE => {
            let base = match &config.base_url {
                Some(base) => base.trim_end_matches('/').to_owned(),
                None => format!("{}://{}", head.scheme, head.host),
            };
            wsdl::wsdl(version, &base)
        }
        _ => {
            let mut schemas = Schema::of(version).into_iter();
            let schema = schemas.find(|schema| schema.file() == file)?;
            schema.node(version).page()
        }
    };
    Some(Printed {
        status: StatusCode::OK,
        content_type: Some(Soap::V11.content_type()),
        query_error: None,
        body: text.into_bytes(),
    })
}
