//! docs/COMMANDS.md: every line of it works, one after the other.

use crate::World;
use std::path::Path;
use std::process::Command;

#[test]
fn the_documented_lines_work() {
    let world = World::new();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/COMMANDS.md");
    let program = Path::new(env!("CARGO_BIN_EXE_forebay")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let text = std::fs::read_to_string(document).unwrap();
    let mut lines = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let output = Command::new("sh")
            .args(["-c", line])
            .current_dir(world.folder.path())
            .env("PATH", &path)
            .env_remove("FOREBAY_STORE")
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{line}: {}: {error}",
            output.status
        );
        lines += 1;
    }
    assert!(lines > 10);
}
