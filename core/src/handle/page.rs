//! Lists of queue names, in pages.

use crate::error::Result;
use crate::limits;
use crate::rules::paging;

/// One page of queue names in byte order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamePage {
    /// The names.
    pub names: Vec<String>,
    /// Gives the next page; `None` on the last one.
    pub next_token: Option<String>,
}

impl NamePage {
    /// S11.10: the name that `token` stands for, for a page of `limit` names, 1 to 1,000.
    pub(super) fn after(limit: usize, token: Option<&str>) -> Result<Option<String>> {
        paging::check_limit(limit, limits::LIST_PAGE_MAX)?;
        token.map(paging::decode_token).transpose()
    }

    /// A page of these names, and whether more follow.
    pub(super) fn new(names: Vec<String>, more: bool) -> Self {
        let last = names.last().filter(|_| more);
        Self {
            next_token: last.map(|name| paging::encode_token(name)),
            names,
        }
    }

    /// All pages in one list.
    pub(super) fn all(
        mut page: impl FnMut(Option<&str>) -> Result<NamePage>,
    ) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let next = page(token.as_deref())?;
            names.extend(next.names);
            match next.next_token {
                Some(next) => token = Some(next),
                None => return Ok(names),
            }
        }
    }
}
