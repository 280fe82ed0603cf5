//! What the server is told in files.

pub mod elasticmq;
pub mod file;
