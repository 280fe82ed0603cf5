//! Gives the shared library its SONAME, as a plain cdylib has none and programs linked with it
//! would record a bare file name; and makes links in Cargo's folder with the names under which C
//! programs look, so that they can be linked and run before anything is installed.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    // Major and minor number are the ABI while major is 0, then major alone.
    let major = variable("CARGO_PKG_VERSION_MAJOR");
    let abi = match major.as_str() {
        "0" => format!("0.{}", variable("CARGO_PKG_VERSION_MINOR")),
        _ => major,
    };
    // OUT_DIR is <folder>/build/<package>/out.
    let out = variable("OUT_DIR");
    let folder = Path::new(&out).ancestors().nth(3);
    match variable("CARGO_CFG_TARGET_OS").as_str() {
        "linux" | "freebsd" | "openbsd" | "netbsd" | "android" => {
            println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libforebay.so.{abi}");
            link(
                folder,
                "libforebay_ffi.so",
                &["libforebay.so", &format!("libforebay.so.{abi}")],
            );
            link(folder, "libforebay_ffi.a", &["libforebay.a"]);
        }
        "macos" => {
            let name = format!("libforebay.{abi}.dylib");
            println!("cargo::rustc-cdylib-link-arg=-Wl,-install_name,@rpath/{name}");
            link(folder, "libforebay_ffi.dylib", &["libforebay.dylib", &name]);
            link(folder, "libforebay_ffi.a", &["libforebay.a"]);
        }
        _ => {}
    }
}

#[cfg(unix)]
fn link(folder: Option<&Path>, target: &str, names: &[&str]) {
    for name in names {
        let Some(path) = folder.map(|folder| folder.join(name)) else {
            return;
        };
        // Absent at first, and there from the last time otherwise.
        let _ = std::fs::remove_file(&path);
        if let Err(error) = std::os::unix::fs::symlink(target, &path) {
            println!(
                "cargo::warning=link {} to {target}: {error}",
                path.display()
            );
        }
    }
}

#[cfg(not(unix))]
fn link(_: Option<&Path>, _: &str, _: &[&str]) {}
