//! What bindings add to the core, measured in the same run.

use crate::place::{self, Profile};
use crate::shell::Call;
use crate::{node, python};
use std::path::Path;

/// The Python package beside the core; `program` is the benchmark, which is the core's side.
pub fn python(program: &Path, arguments: &[String]) -> crate::Outcome {
    Call::cargo()
        .args(["build", "--release", "--package", "forebay-python"])
        .run()?;
    let site = python::site(Profile::Release)?;
    python::call(Path::new("python3"), &site)
        .dir(place::root())
        .arg("bench/overhead/python.py")
        .arg(program)
        .args(arguments)
        .run()
}

/// The npm package beside the core.
pub fn node(program: &Path) -> crate::Outcome {
    Call::cargo()
        .args(["build", "--release", "--package", "forebay-node"])
        .run()?;
    node::build()?;
    Call::new("node")
        .arg("--expose-gc")
        .arg("bench/overhead/node.mjs")
        .arg(program)
        .arg(place::fresh("overhead")?)
        .env("FOREBAY_NATIVE", node::native(Profile::Release)?)
        .run()
}
