//! Why a SOAP request is refused, and the fault that tells it (L8, L8.4).

use super::envelope::Soap;
use super::names::FAULT;
use crate::legacy::fault::{Code, Fault};
use crate::legacy::version::Version;
use crate::wire::Printed;
use crate::wire::query::Xml;
use hyper::StatusCode;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The envelope is of a version of SOAP that is not spoken.
    VersionMismatch(String),
    /// Headers that must be understood: namespaces and names.
    NotUnderstood(Vec<(String, String)>),
    /// What came is no request.
    Malformed(String),
    /// SQS refuses it.
    Fault(Version, Fault),
}

impl Refused {
    /// The code: SQS's own in the namespace of faults, else one of SOAP's.
    fn code(&self, soap: Soap) -> String {
        match (self, soap) {
            (Self::VersionMismatch(_), _) => "soap:VersionMismatch".into(),
            (Self::NotUnderstood(_), _) => "soap:MustUnderstand".into(),
            (Self::Malformed(_), Soap::V11) => "soap:Client".into(),
            (Self::Malformed(_), Soap::V12) => "soap:Sender".into(),
            (Self::Fault(version, fault), _) => format!("aws:{}", fault.code.name(*version)),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::VersionMismatch(text) | Self::Malformed(text) => text.clone(),
            Self::NotUnderstood(headers) => {
                let names: Vec<&str> = headers.iter().map(|(_, name)| name.as_str()).collect();
                let names = names.join(", ");
                format!("These headers must be understood and are not: {names}.")
            }
            Self::Fault(_, fault) => fault.text.clone(),
        }
    }

    /// L8: SOAP 1.1 answers with 500, but for the one fault of generation 1 that came with 200.
    /// SOAP 1.2 has the status of the code.
    fn status(&self, soap: Soap) -> StatusCode {
        let status = match (self, soap) {
            (Self::Fault(version, fault), Soap::V12) => fault.code.status(*version),
            (Self::Fault(version, fault), Soap::V11) if fault.code == Code::InvalidSecurity => {
                match fault.code.status(*version) {
                    200 => 200,
                    _ => 500,
                }
            }
            (Self::Malformed(_), Soap::V12) => 400,
            _ => 500,
        };
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What is counted and logged.
    pub fn name(&self) -> &'static str {
        match self {
            Self::VersionMismatch(_) => "VersionMismatch",
            Self::NotUnderstood(_) => "MustUnderstand",
            Self::Malformed(_) => "Malformed",
            Self::Fault(version, fault) => fault.code.name(*version),
        }
    }

    /// The fault in its envelope.
    pub fn print(&self, soap: Soap, request_id: &str) -> Printed {
        let mut xml = Xml::new();
        let namespace = soap.namespace();
        xml.open(&format!(
            "soap:Envelope xmlns:soap=\"{namespace}\" xmlns:aws=\"{FAULT}\""
        ));
        if let (Self::NotUnderstood(headers), Soap::V12) = (self, soap) {
            xml.element("soap:Header", |xml| not_understood(xml, headers));
        }
        xml.element("soap:Body", |xml| {
            xml.element("soap:Fault", |xml| match soap {
                Soap::V11 => self.in_11(xml, request_id),
                Soap::V12 => self.in_12(xml, request_id),
            });
        });
        xml.close("soap:Envelope");
        Printed {
            status: self.status(soap),
            content_type: Some(soap.content_type()),
            query_error: None,
            body: xml.finish(),
        }
    }

    fn in_11(&self, xml: &mut Xml, request_id: &str) {
        xml.leaf("faultcode", &self.code(Soap::V11));
        xml.leaf("faultstring", &self.text());
        // SOAP 1.1, 4.4: a fault about headers has no details.
        if !matches!(self, Self::NotUnderstood(_)) {
            xml.element("detail", |xml| xml.leaf("aws:RequestId", request_id));
        }
    }

    fn in_12(&self, xml: &mut Xml, request_id: &str) {
        let code = self.code(Soap::V12);
        xml.element("soap:Code", |xml| match self {
            Self::Fault(_, fault) => {
                let side = match fault.code.is_sender_fault() {
                    true => "soap:Sender",
                    false => "soap:Receiver",
                };
                xml.leaf("soap:Value", side);
                xml.element("soap:Subcode", |xml| xml.leaf("soap:Value", &code));
            }
            _ => xml.leaf("soap:Value", &code),
        });
        xml.element("soap:Reason", |xml| {
            xml.open("soap:Text xml:lang=\"en\"");
            xml.text(&self.text());
            xml.close("soap:Text");
        });
        if !matches!(self, Self::NotUnderstood(_)) {
            xml.element("soap:Detail", |xml| xml.leaf("aws:RequestId", request_id));
        }
    }
}

/// SOAP 1.2, 5.4.8: which headers were not understood.
fn not_understood(xml: &mut Xml, headers: &[(String, String)]) {
    for (namespace, name) in headers {
        xml.open_with(
            "soap:NotUnderstood",
            &[("qname", &format!("q:{name}")), ("xmlns:q", namespace)],
        );
        xml.close("soap:NotUnderstood");
    }
}

#[cfg(test)]
mod tests;
