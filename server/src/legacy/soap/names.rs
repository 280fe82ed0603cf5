//! Namespaces and other fixed names of SOAP and WSDL.

/// Grants (L6).
pub const ACCESS: &str = "http://access.amazonaws.com/doc/2006-01-01/";
/// Credentials in headers (L8).
pub const SECURITY: &str = "http://security.amazonaws.com/doc/2007-01-01/";
/// Codes and details of faults (L8.4).
pub const FAULT: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";

/// SOAP 1.1.
pub const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// SOAP 1.2.
pub const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";
/// The actor of SOAP 1.1 that everyone on the way is.
pub const NEXT_11: &str = "http://schemas.xmlsoap.org/soap/actor/next";
/// The role of SOAP 1.2 that everyone on the way has.
pub const NEXT_12: &str = "http://www.w3.org/2003/05/soap-envelope/role/next";
/// The role of SOAP 1.2 that the last receiver has.
pub const ULTIMATE_12: &str = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver";

/// XML Schema.
pub const XML_SCHEMA: &str = "http://www.w3.org/2001/XMLSchema";
/// WSDL 1.1.
pub const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
/// WSDL's binding to SOAP 1.1.
pub const WSDL_SOAP_11: &str = "http://schemas.xmlsoap.org/wsdl/soap/";
/// WSDL's binding to SOAP 1.2.
pub const WSDL_SOAP_12: &str = "http://schemas.xmlsoap.org/wsdl/soap12/";
/// SOAP over HTTP, as WSDL names it.
pub const HTTP_TRANSPORT: &str = "http://schemas.xmlsoap.org/soap/http";
