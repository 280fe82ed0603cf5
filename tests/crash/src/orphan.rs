//! Processes of a run that end with it, however it ends.

use std::io::Read;
use std::process::Stdio;

/// What the processes of a run get as standard input: a pipe that nobody writes to. Its other end
/// closes with the process that started them, also when that is killed.
pub fn leash() -> Stdio {
    Stdio::piped()
}

/// Ends this process as soon as the one that started it, with [`leash`], is gone: a worker that
/// ran on would load the machine, and keep its store, until somebody finds it.
pub fn end_with_parent() {
    std::thread::spawn(|| {
        let mut nothing = [0];
        // Whatever comes, the pipe has no more use: nobody writes to it.
        let _ = std::io::stdin().read(&mut nothing);
        std::process::exit(3);
    });
}
