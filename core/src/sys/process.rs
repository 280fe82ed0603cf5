//! Processes.

use super::os;

/// This process.
pub fn pid() -> u32 {
    std::process::id()
}

/// True if `pid` exists here. Processes of other containers cannot be seen: use this for texts,
/// never to decide whether a lock is held.
pub fn alive(pid: u32) -> bool {
    os::process_alive(pid)
}

/// SIGINT and SIGTERM end this process again, where an interpreter that hosts it has put handlers
/// of its own; what is ignored stays ignored. For programs, never for a library's calls.
pub fn signals_end_process() {
    #[cfg(unix)]
    os::signals_end_process();
}

/// Ends this process at once, as a kill from outside would: nothing is flushed or unlocked.
#[cfg(feature = "faults")]
pub fn kill_self() -> ! {
    os::kill_self()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_an_ended_one_is_not() {
        assert!(alive(pid()));
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .arg("--list")
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        child.wait().unwrap();
        assert!(!alive(child.id()));
        assert!(!alive(0));
        assert!(!alive(u32::MAX));
    }
}
