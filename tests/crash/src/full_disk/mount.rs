//! Small file systems, which only root can mount.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What kind of file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In memory: every byte is counted at once.
    Tmpfs,
    /// On a file, through the loop device: allocation is delayed, and metadata needs blocks too.
    Ext4,
}

/// A small file system, unmounted at the end.
pub struct SmallDisk {
    place: PathBuf,
}

impl SmallDisk {
    /// Mounts one of `mib` under `dir`; an error says why that cannot be.
    pub fn mount(kind: Kind, mib: u64, dir: &Path) -> Result<Self, String> {
        let place = dir.join("small");
        std::fs::create_dir_all(&place).map_err(|error| error.to_string())?;
        let mut command = Command::new("mount");
        match kind {
            Kind::Tmpfs => {
                let size = format!("size={mib}m");
                command.args(["-t", "tmpfs", "-o", &size, "forebay-small"]);
            }
            Kind::Ext4 => {
                let image = dir.join("image");
                File::create(&image)
                    .and_then(|file| file.set_len(mib << 20))
                    .map_err(|error| error.to_string())?;
                // No blocks kept for root: the disk must be as full for us as for others.
                run(Command::new("mkfs.ext4")
                    .args(["-q", "-F", "-m", "0"])
                    .arg(&image))?;
                command.args(["-o", "loop"]).arg(&image);
            }
        }
        run(command.arg(&place))?;
        Ok(Self { place })
    }

    /// Its root.
    pub fn place(&self) -> &Path {
        &self.place
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name}: {}", said.trim()))
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, so that it goes even if a failed run left files open.
        let _ = Command::new("umount").arg("-l").arg(&self.place).status();
    }
}
