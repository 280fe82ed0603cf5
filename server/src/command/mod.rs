//! The commands, one file each.

pub mod convert_elasticmq;
pub mod serve;
