//! The store on PostgreSQL: the same queues for several machines.
//!
//! A transition is one call of a function in the database, which holds the queue's lock until its
//! commit is visible; what needs no storage (admission, texts of errors) is decided here, under
//! the version of the queue's attributes that the call names. docs/POSTGRES.md is for its users.
//!
//! | file | idea |
//! |---|---|
//! | `schema/` | tables, functions, migrations |
//! | `location` | what a `postgres://` location says |
//! | `pool`, `tls`, `failure` | connections, and what their errors mean |
//! | `engine` | what the parts share; commands come in, answers go out |
//! | `lanes` | the commands of a queue follow each other, many in one transaction |
//! | `transaction` | one transaction, from its calls to the disk |
//! | `calls` | commands become calls of functions, rows become answers |
//! | `joined` | sends and deletes inside of the caller's transaction |
//! | `queues`, `tasks` | creating, changing, listing queues; move tasks |
//! | `listen` | how waits learn of changes |
//! | `pooler` | whether a session stays one's own |
//! | `keeper` | what no command waits for |

mod calls;
mod engine;
mod failure;
mod info;
pub mod joined;
mod keeper;
mod lanes;
mod listen;
mod location;
mod pool;
mod pooler;
mod queues;
mod rows;
mod schema;
mod store;
mod tasks;
mod tls;
mod transaction;

pub use location::Location;
pub use store::Postgres;
