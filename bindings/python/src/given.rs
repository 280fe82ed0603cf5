//! Options that were given, and those that keep the library's default.

/// Sets an option that was given.
pub fn with<O, T>(options: O, given: Option<T>, set: impl FnOnce(O, T) -> O) -> O {
    match given {
        Some(value) => set(options, value),
        None => options,
    }
}
