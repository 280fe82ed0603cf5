//! Fuzz targets: for whatever bytes come, nothing panics, and a property holds.
//!
//! `cargo xtask fuzz` feeds them with inputs that coverage guides; the tests of this crate feed
//! them with their seeds and a fixed number of mutations, the same each time. The program
//! `forebay-fuzz` runs a target on files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod auth;
mod config;
mod damage;
mod input;
mod mutate;
mod store;
mod wire;

pub use input::Input;
pub use mutate::Mutator;

/// Something that takes bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// What `cargo xtask fuzz` takes.
    pub name: &'static str,
    /// What is shown.
    pub about: &'static str,
    /// Panics if the property does not hold for these bytes.
    pub body: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Words that inputs are likely to need.
    pub words: &'static [&'static str],
    /// Longer inputs find nothing more, bytes.
    pub bytes_max: usize,
    /// Inputs of the ordinary test.
    pub mutations: usize,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    store::records::TARGET,
    store::content::TARGET,
    store::log::TARGET,
    store::index::TARGET,
    store::receipts::TARGET,
    store::rules::TARGET,
    wire::json::TARGET,
    wire::soap_calls::TARGET,
    wire::query::TARGET,
    wire::twins::TARGET,
    wire::xml::TARGET,
    wire::soap::TARGET,
    wire::urls::TARGET,
    wire::request::TARGET,
    wire::rest::TARGET,
    auth::signatures::TARGET,
    auth::policies::TARGET,
    auth::times::TARGET,
    config::file::TARGET,
    config::elasticmq::TARGET,
];

/// The target of that name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

impl Target {
    /// The words as a dictionary of libFuzzer.
    pub fn dictionary(&self) -> String {
        let escaped = |word: &&str| -> String {
            let bytes = word.bytes().map(|byte| match byte {
                b'"' | b'\\' => format!("\\{}", char::from(byte)),
                b' '..=b'~' => char::from(byte).to_string(),
                other => format!("\\x{other:02x}"),
            });
            format!("\"{}\"\n", bytes.collect::<String>())
        };
        // The engine refuses an empty file.
        let title = format!("# {}\n", self.name);
        std::iter::once(title)
            .chain(self.words.iter().map(escaped))
            .collect()
    }
}
