//! The Query protocol: form parameters in, XML out (A0, A1).

mod params;
mod print;
mod read;
mod xml;

pub use params::{Params, percent_decode};
pub use print::{CONTENT_TYPE, element, print, refusal};
pub use read::read;
pub use xml::Xml;
