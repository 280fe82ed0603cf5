//! What tests of other modules need from the operating system.

/// Runs `action` in a forked child and returns its answer; a panic there is a false. The child
/// ends without any cleaning up. It must not print: other threads may have held the lock.
pub fn in_forked_child(action: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child runs only `action`, whose tests keep to what has no lock of another
    // thread, and leaves by `_exit`; memory allocation is made safe by the C library.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let action = std::panic::AssertUnwindSafe(action);
        let good = std::panic::catch_unwind(action).unwrap_or(false);
        // SAFETY: ends this process and takes a number only.
        unsafe { libc::_exit(i32::from(!good)) };
    }
    assert!(child > 0, "cannot fork");
    let mut status = 0;
    // SAFETY: `child` is a child of ours that was not waited for, `status` outlives the call.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
}

/// Closes standard input, output and error: for forked children only.
pub fn close_standard_streams() {
    for fd in 0..=2 {
        // SAFETY: takes a number only; nothing of a forked child uses these descriptors.
        unsafe { libc::close(fd) };
    }
}

/// What new files are not allowed, of the whole process: for forked children only.
pub fn set_umask(bits: u32) {
    // SAFETY: takes a number only.
    unsafe { libc::umask(bits as libc::mode_t) };
}

/// Bytes of address space that this process may have: for forked children only.
pub fn limit_address_space(bytes: u64) {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: writes to `limit` only, which outlives both calls, and reads it.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_AS, &mut limit), 0);
        limit.rlim_cur = bytes as libc::rlim_t;
        assert_eq!(libc::setrlimit(libc::RLIMIT_AS, &limit), 0);
    }
}
