//! Who calls, and what callers may do.

pub mod client;
pub mod policies;
pub mod signatures;
pub mod times;
