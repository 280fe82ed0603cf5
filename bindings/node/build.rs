//! Tells the linker that the symbols of Node-API come from the program that loads the library.

fn main() {
    // Without this the program runs again after every change below this folder, dist/ too.
    println!("cargo::rerun-if-changed=build.rs");
    napi_build::setup();
}
