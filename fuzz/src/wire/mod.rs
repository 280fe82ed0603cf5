//! What clients send, and what is sent back to them.

mod answers;
pub mod json;
pub mod query;
pub mod request;
mod responses;
pub mod rest;
pub mod soap;
pub mod soap_calls;
pub mod twins;
pub mod urls;
pub mod xml;
