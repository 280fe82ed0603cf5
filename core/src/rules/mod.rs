//! SQS's rules that need no storage: pure functions over requests and queue attributes, used by
//! every store and every front end, so that no rule is decided in two places.

pub mod attributes;
pub mod batch;
pub mod digest;
pub mod message_attributes;
pub mod move_tasks;
pub mod names;
pub mod paging;
pub mod receipt;
pub mod redrive;
pub mod refusals;
pub mod send;
pub mod tags;
pub mod text;
pub mod time;
