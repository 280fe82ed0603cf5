//! What the log says of requests of old protocols.

use super::soap::{SOAP_11, element, envelope};
use super::support::{Process, WATCHDOG};

#[test]
fn every_request_is_logged_by_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("queues");
    let arguments = ["--log", "debug", "--store", store.to_str().unwrap()];
    let (process, logs) = Process::start_logged(&arguments);
    let soap = envelope(SOAP_11, "", &element("2009-02-01", "ListQueues", ""));
    let query = "/?Action=ListQueues&Version=2009-02-01";
    let (rest, is_soap) = ("aws-version: 2007-05-01\r\n", "soapaction: \"\"\r\n");
    for (method, address, headers, body) in [
        ("GET", query, "", ""),
        ("GET", "/", rest, ""),
        ("POST", "/", is_soap, &*soap),
        // Today's.
        ("GET", "/?Action=ListQueues", "", ""),
    ] {
        let mut client = process.connect();
        let answer = client.call(method, address, headers, body.as_bytes());
        assert_eq!(answer.status, 200, "{address} {headers}");
        let id = answer.header("x-amzn-requestid").unwrap();
        let line = loop {
            let line = logs.recv_timeout(WATCHDOG).unwrap();
            if line.contains("ListQueues") {
                break line;
            }
        };
        assert!(line.contains(id), "{line}");
    }
}
