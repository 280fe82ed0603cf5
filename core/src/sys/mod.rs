//! Every call to the operating system that the standard library does not make: byte locks, the
//! shared page, futexes, fork hooks, clocks and file systems.
//!
//! `linux.rs` is the first-class platform. `unix.rs` (macOS, BSD) and `windows.rs` offer the same
//! few functions with simpler means; `posix.rs` holds what all Unix systems share. Building with
//! `--cfg forebay_portable` makes Linux use `unix.rs`, so that the fallback is tested as well.
//!
//! This folder holds all `unsafe` code of the crate outside of LMDB.

pub mod boot;
pub mod clock;
pub mod fork;
pub mod fs;
pub mod futex;
pub mod lock;
pub mod process;
pub mod shared;
#[cfg(all(unix, any(test, feature = "model")))]
pub mod testing;

#[cfg(all(target_os = "linux", not(forebay_portable)))]
#[path = "linux.rs"]
mod os;
#[cfg(all(unix, any(not(target_os = "linux"), forebay_portable)))]
#[path = "unix.rs"]
mod os;
#[cfg(windows)]
#[path = "windows.rs"]
mod os;
#[cfg(unix)]
mod posix;
