//! Mistakes that queues like this one have made before (S19), to be switched on one by one: a
//! comparison that does not find them proves nothing.

/// A mistake of S19.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// S19 #1: a receive gives one message a group, as if it locked the rest.
    OverLockedGroup,
    /// S19 #3: a returned FIFO message goes behind those of its group that were never received.
    ReturnedToTheEnd,
    /// S19 #13: a message moves to the dead-letter queue one receive too late.
    OneReceiveTooMany,
}

impl Bug {
    /// All of them.
    pub const ALL: [Bug; 3] = [
        Self::OverLockedGroup,
        Self::ReturnedToTheEnd,
        Self::OneReceiveTooMany,
    ];
}
