//! Random histories, carried out by two stores that must answer alike.
//!
//! A seed makes a [`History`]; [`compare`](run::compare) carries it out on the reference store
//! and on a [`Subject`](subject::Subject), which may be closed and reopened in between; a
//! difference shrinks to the smallest history that still shows one ([`search`]).

pub mod generate;
pub mod history;
pub mod run;
pub mod search;
pub mod subject;
pub mod world;

pub use history::{History, Op};
