//! The files of a tree, in the order in which `c/producer.c` sends them.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Longer files are left out: counting one could outlast the visibility timeout.
pub const FILE_BYTES_MAX: u64 = 64 << 20;

/// What a walk found.
#[derive(Debug, Default)]
pub struct Found {
    /// Regular files, every folder's names in byte order.
    pub files: Vec<PathBuf>,
    /// Files left out because they are longer than [`FILE_BYTES_MAX`].
    pub too_long: u64,
    /// Folders left out because they may not be read.
    pub closed: u64,
}

/// Walks the folders in turn; stops after `limit` files. Symbolic links are not followed.
pub fn walk(folders: &[PathBuf], limit: usize) -> Found {
    let mut found = Found::default();
    for folder in folders {
        found.enter(folder, limit);
    }
    found
}

impl Found {
    fn enter(&mut self, folder: &Path, limit: usize) {
        let Ok(entries) = fs::read_dir(folder) else {
            self.closed += 1;
            return;
        };
        let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        names.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        for name in names {
            if self.files.len() >= limit {
                return;
            }
            let path = folder.join(name);
            let Ok(status) = fs::symlink_metadata(&path) else {
                continue;
            };
            if status.is_dir() {
                self.enter(&path, limit);
            } else if status.is_file() && status.len() > FILE_BYTES_MAX {
                self.too_long += 1;
            } else if status.is_file() {
                self.files.push(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_byte_order_and_links_are_not_followed() {
        let root = std::env::temp_dir().join(format!("forebay-walk-{}", std::process::id()));
        fs::create_dir_all(root.join("b")).unwrap();
        for name in ["c", "b/x", "B", "a.txt"] {
            fs::write(root.join(name), name).unwrap();
        }
        std::os::unix::fs::symlink(root.join("c"), root.join("aa")).unwrap();
        let names = |limit| {
            let found = walk(std::slice::from_ref(&root), limit);
            let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_path_buf();
            found.files.iter().map(relative).collect::<Vec<_>>()
        };
        assert_eq!(names(9), ["B", "a.txt", "b/x", "c"].map(PathBuf::from));
        assert_eq!(names(3), ["B", "a.txt", "b/x"].map(PathBuf::from));
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(walk(&[root], 9).closed, 1);
    }
}
