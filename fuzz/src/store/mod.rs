//! What the embedded store reads from its files, and what clients hand back to it.

pub mod content;
pub mod index;
pub mod log;
pub mod receipts;
pub mod records;
pub mod rules;
pub mod values;
