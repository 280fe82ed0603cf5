//! A small safe face of LMDB for one purpose: a shared index with one writer at a time.
//!
//! Why not `heed`: the index is opened with `MDB_NOLOCK` (our kernel-owned writer lock stands in
//! front of every transaction, so LMDB's own mutex, which can hang survivors of a kill, is never
//! used), a write transaction may be kept from one command to the next and move between threads,
//! and a forked child must be able to open the same directory anew. None of that fits its types.
//!
//! Safety of `MDB_NOLOCK`: it asks that there is one writer at a time and that no reader runs
//! beside a writer. All transactions here are write transactions, and [`Environment::begin`] is
//! only called by the holder of the writer lock.

use crate::error::{Error, ErrorKind, Result};
use lmdb_master_sys as ffi;
use std::ffi::{CStr, CString};
use std::os::raw::c_uint;
use std::path::Path;
use std::ptr;
use std::sync::Arc;

/// Room that a transaction must find in the map beside a copy of every page there is, bytes: it
/// copies a page once, and what it adds is less than this. Address space, not memory.
const HEADROOM_BYTES: u64 = if cfg!(target_pointer_width = "64") {
    1 << 30
} else {
    64 << 20
};
/// What the umask does not forbid, as all other files of a store.
const MODE: ffi::mdb_mode_t = 0o666;
/// The tree in which LMDB keeps its free pages.
const FREE_LIST: ffi::MDB_dbi = 0;

/// An open index file.
pub struct Environment {
    env: *mut ffi::MDB_env,
    dbi: ffi::MDB_dbi,
    /// Bytes of a page: LMDB takes the machine's.
    page_bytes: u64,
    headroom_bytes: u64,
}

// SAFETY: LMDB's environment may be used from any thread; the writer lock of the store serialises
// all transactions, and nothing here is thread-bound without LMDB's own locks (MDB_NOLOCK).
unsafe impl Send for Environment {}
// SAFETY: as above.
unsafe impl Sync for Environment {}

fn check(code: i32, what: &str) -> Result<()> {
    if code == 0 {
        return Ok(());
    }
    if code > 0 {
        return Err(Error::io(what, &std::io::Error::from_raw_os_error(code)));
    }
    // SAFETY: mdb_strerror returns a static text for every code.
    let text = unsafe { CStr::from_ptr(ffi::mdb_strerror(code)) }
        .to_string_lossy()
        .into_owned();
    let kind = if code == ffi::MDB_MAP_FULL {
        ErrorKind::DiskFull
    } else {
        ErrorKind::Corrupt
    };
    Err(Error::new(kind, format!("{what}: {text}")))
}

impl Environment {
    /// Opens or creates the index in `directory`. The caller holds the writer lock or the open
    /// lock, so that no other process creates it at the same time.
    pub fn open(directory: &Path) -> Result<Arc<Self>> {
        Self::open_roomy(directory, HEADROOM_BYTES)
    }

    fn open_roomy(directory: &Path, headroom_bytes: u64) -> Result<Arc<Self>> {
        std::fs::create_dir_all(directory)
            .map_err(|error| Error::io("create the index directory", &error))?;
        let path = CString::new(directory.as_os_str().as_encoded_bytes())
            .map_err(|_| Error::new(ErrorKind::InvalidArgument, "directory name contains NUL"))?;
        let mut env = ptr::null_mut();
        // SAFETY: `env` is a valid place for the handle.
        let code = unsafe { ffi::mdb_env_create(&mut env) };
        check(code, "create the index handle")?;
        let mut this = Self {
            env,
            dbi: 0,
            page_bytes: 0,
            headroom_bytes,
        };
        let flags: c_uint = ffi::MDB_NOSYNC
            | ffi::MDB_NOMETASYNC
            | ffi::MDB_NOLOCK
            | ffi::MDB_NOTLS
            | ffi::MDB_NOMEMINIT
            | ffi::MDB_NORDAHEAD;
        // SAFETY: the handle is fresh; the path is a NUL-terminated string that outlives the call.
        unsafe {
            check(
                ffi::mdb_env_set_mapsize(this.env, 2 * headroom_bytes as ffi::mdb_size_t),
                "size the index",
            )?;
            check(
                ffi::mdb_env_open(this.env, path.as_ptr(), flags, MODE),
                "open the index",
            )?;
        }
        // LMDB leaves its data file open in programs that are started.
        #[cfg(unix)]
        crate::sys::fs::close_on_exec(this.descriptor())
            .map_err(|error| Error::io("keep the index from other programs", &error))?;
        this.page_bytes = this.stat_page_bytes();
        this.adopt_size()?;
        let txn = this.begin_raw()?;
        // SAFETY: `txn` is live; the unnamed database exists in every environment.
        unsafe {
            let code = ffi::mdb_dbi_open(txn, ptr::null(), 0, &mut this.dbi);
            if code != 0 {
                ffi::mdb_txn_abort(txn);
            }
            check(code, "open the index tree")?;
            check(ffi::mdb_txn_commit(txn), "open the index tree")?;
        }
        Ok(Arc::new(this))
    }

    fn info(&self) -> ffi::MDB_envinfo {
        // SAFETY: MDB_envinfo is plain data for which zero is valid; the call fills it.
        unsafe {
            let mut info: ffi::MDB_envinfo = std::mem::zeroed();
            ffi::mdb_env_info(self.env, &mut info);
            info
        }
    }

    fn stat_page_bytes(&self) -> u64 {
        // SAFETY: MDB_stat is plain data for which zero is valid; the environment is open.
        unsafe {
            let mut stat: ffi::MDB_stat = std::mem::zeroed();
            ffi::mdb_env_stat(self.env, &mut stat);
            u64::from(stat.ms_psize)
        }
    }

    /// Transactions that were committed since the file was made.
    #[cfg(test)]
    pub fn commits(&self) -> u64 {
        self.info().me_last_txnid as u64
    }

    /// Bytes of the file that hold pages, free ones included.
    pub fn used_bytes(&self) -> u64 {
        (self.info().me_last_pgno as u64 + 1) * self.page_bytes
    }

    /// Bytes of pages that the latest commit left free. Reads the whole list of them.
    pub fn free_bytes(&self) -> Result<u64> {
        let mut count = 0;
        self.visit_free(|pages| count += pages.count() as u64)?;
        Ok(count * self.page_bytes)
    }

    /// Shows the numbers of the pages that the latest commit left free, a piece at a time.
    fn visit_free(&self, mut visit: impl FnMut(&mut dyn Iterator<Item = u64>)) -> Result<()> {
        let mut txn = ptr::null_mut();
        // SAFETY: the environment is open and the caller holds the writer lock. A reader beside
        // our own open writer sees the latest commit, whose pages a writer leaves alone. The
        // cursor and the transaction end here. A value of this list is numbers of `usize`, first
        // how many follow; no more are read than it has bytes for.
        unsafe {
            let code = ffi::mdb_txn_begin(self.env, ptr::null_mut(), ffi::MDB_RDONLY, &mut txn);
            check(code, "begin to read the index")?;
            let mut cursor = ptr::null_mut();
            let mut code = ffi::mdb_cursor_open(txn, FREE_LIST, &mut cursor);
            if code == 0 {
                let (mut key, mut data) = (EMPTY, EMPTY);
                loop {
                    code = ffi::mdb_cursor_get(cursor, &mut key, &mut data, ffi::MDB_NEXT);
                    if code != 0 {
                        break;
                    }
                    let numbers = data.mv_data as *const usize;
                    let room = data.mv_size / size_of::<usize>();
                    let number = |at: usize| ptr::read_unaligned(numbers.add(at)) as u64;
                    let count = if room == 0 { 0 } else { number(0) as usize };
                    visit(&mut (1..room.min(count.saturating_add(1))).map(number));
                }
                ffi::mdb_cursor_close(cursor);
            }
            ffi::mdb_txn_abort(txn);
            match code {
                ffi::MDB_NOTFOUND => Ok(()),
                code => check(code, "read the free pages of the index"),
            }
        }
    }

    /// Fails where `file`, which has its pages, ends before some that are in use, as a copy that
    /// broke off does: to read one of these would end the process. Free pages may lie beyond the
    /// end. Nobody else has the index open.
    pub fn check_whole(&self, file: &Path) -> Result<()> {
        let failed = |error| Error::io("measure the index", &error);
        let bytes = std::fs::metadata(file).map_err(failed)?.len();
        if bytes >= self.used_bytes() {
            return Ok(());
        }
        let resize = |to: u64| {
            let opened = std::fs::OpenOptions::new().write(true).open(file);
            let resized = opened.and_then(|file| file.set_len(to));
            resized.map_err(|error| Error::io("resize the index", &error))
        };
        // What is not there reads as zeros then, of which no page of a tree is made.
        resize(self.used_bytes())?;
        let first = bytes / self.page_bytes;
        let missing = self.used_bytes() / self.page_bytes - first;
        let mut free = 0;
        let visited =
            self.visit_free(|pages| free += pages.filter(|page| *page >= first).count() as u64);
        if visited.is_ok() && free >= missing {
            return Ok(());
        }
        // As it was: whoever opens it next, should this process not build it anew, must see this.
        resize(bytes)?;
        let text = format!("the index ends at byte {bytes}, before pages that are in use");
        Err(Error::new(ErrorKind::Corrupt, text))
    }

    /// Takes the map size that another process wrote into the file.
    fn adopt_size(&self) -> Result<()> {
        // SAFETY: no transaction is open: callers hold the only way to begin one.
        check(
            unsafe { ffi::mdb_env_set_mapsize(self.env, 0) },
            "size the index",
        )
    }

    fn begin_raw(&self) -> Result<*mut ffi::MDB_txn> {
        let mut txn = ptr::null_mut();
        // SAFETY: the environment is open; no other transaction is (see the module's top).
        let mut code = unsafe { ffi::mdb_txn_begin(self.env, ptr::null_mut(), 0, &mut txn) };
        if code == ffi::MDB_MAP_RESIZED {
            self.adopt_size()?;
            // SAFETY: as above.
            code = unsafe { ffi::mdb_txn_begin(self.env, ptr::null_mut(), 0, &mut txn) };
        }
        check(code, "begin an index transaction")?;
        Ok(txn)
    }

    /// Begins a write transaction. The caller holds the writer lock until it ended.
    pub fn begin(self: &Arc<Self>) -> Result<Transaction> {
        let mapped = self.info().me_mapsize as u64;
        let wanted = 2 * self.used_bytes() + self.headroom_bytes;
        if wanted > mapped {
            let size = wanted.max(2 * mapped) as ffi::mdb_size_t;
            // SAFETY: no transaction is open.
            let code = unsafe { ffi::mdb_env_set_mapsize(self.env, size) };
            check(code, "grow the index")?;
        }
        let txn = self.begin_raw()?;
        Ok(Transaction {
            env: self.clone(),
            txn,
            cursor: ptr::null_mut(),
        })
    }

    /// The file descriptor of the data file.
    #[cfg(unix)]
    fn descriptor(&self) -> i32 {
        let mut fd: ffi::mdb_filehandle_t = -1;
        // SAFETY: the environment is open; `fd` is a valid place.
        unsafe { ffi::mdb_env_get_fd(self.env, &mut fd) };
        fd
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        // SAFETY: every Transaction holds an Arc of its environment, so none is open here.
        unsafe { ffi::mdb_env_close(self.env) }
    }
}

/// A write transaction; dropped without [`Transaction::commit`] it changes nothing.
pub struct Transaction {
    env: Arc<Environment>,
    txn: *mut ffi::MDB_txn,
    cursor: *mut ffi::MDB_cursor,
}

// SAFETY: with MDB_NOLOCK a write transaction is not bound to a thread.
unsafe impl Send for Transaction {}

fn value(bytes: &[u8]) -> ffi::MDB_val {
    ffi::MDB_val {
        mv_size: bytes.len() as _,
        mv_data: bytes.as_ptr() as *mut _,
    }
}

const EMPTY: ffi::MDB_val = ffi::MDB_val {
    mv_size: 0,
    mv_data: ptr::null_mut(),
};

impl Transaction {
    /// The value of `key`. It lives until the next change of the transaction.
    pub fn get(&self, key: &[u8]) -> Result<Option<&[u8]>> {
        let mut key = value(key);
        let mut data = EMPTY;
        // SAFETY: the transaction is live; LMDB only reads the key.
        let code = unsafe { ffi::mdb_get(self.txn, self.env.dbi, &mut key, &mut data) };
        if code == ffi::MDB_NOTFOUND {
            return Ok(None);
        }
        check(code, "read the index")?;
        // SAFETY: LMDB returned a page area that stays until the next write of this transaction,
        // which needs `&mut self`.
        Ok(Some(unsafe { slice(&data) }))
    }

    /// Writes `data` under `key`.
    pub fn put(&mut self, key: &[u8], data: &[u8]) -> Result<()> {
        let mut key = value(key);
        let mut data = value(data);
        // SAFETY: the transaction is live; LMDB copies both.
        let code = unsafe { ffi::mdb_put(self.txn, self.env.dbi, &mut key, &mut data, 0) };
        check(code, "write the index")
    }

    /// Removes `key`; false if it was not there.
    pub fn delete(&mut self, key: &[u8]) -> Result<bool> {
        let mut key = value(key);
        // SAFETY: the transaction is live.
        let code = unsafe { ffi::mdb_del(self.txn, self.env.dbi, &mut key, ptr::null_mut()) };
        if code == ffi::MDB_NOTFOUND {
            return Ok(false);
        }
        check(code, "write the index")?;
        Ok(true)
    }

    fn cursor(&mut self) -> Result<*mut ffi::MDB_cursor> {
        if self.cursor.is_null() {
            // SAFETY: the transaction is live; `cursor` is a valid place.
            let code = unsafe { ffi::mdb_cursor_open(self.txn, self.env.dbi, &mut self.cursor) };
            check(code, "open an index cursor")?;
        }
        Ok(self.cursor)
    }

    fn step(&mut self, key: &[u8], operation: ffi::MDB_cursor_op) -> Result<Option<Pair<'_>>> {
        let cursor = self.cursor()?;
        let mut key = value(key);
        let mut data = EMPTY;
        // SAFETY: the cursor belongs to this live transaction.
        let code = unsafe { ffi::mdb_cursor_get(cursor, &mut key, &mut data, operation) };
        if code == ffi::MDB_NOTFOUND {
            return Ok(None);
        }
        check(code, "read the index")?;
        // SAFETY: as in `get`; the borrow of `self` keeps the transaction from changing.
        Ok(Some(unsafe { (slice(&key), slice(&data)) }))
    }

    /// The first pair at or after `key`.
    pub fn seek(&mut self, key: &[u8]) -> Result<Option<Pair<'_>>> {
        self.step(key, ffi::MDB_SET_RANGE)
    }

    /// The pair after the one that [`Transaction::seek`] or this returned last. Valid only while
    /// the transaction has not changed since.
    pub fn following(&mut self) -> Result<Option<Pair<'_>>> {
        self.step(&[], ffi::MDB_NEXT)
    }

    /// Makes the changes visible to the next transaction of any process.
    pub fn commit(mut self) -> Result<()> {
        self.close_cursor();
        let txn = std::mem::replace(&mut self.txn, ptr::null_mut());
        // SAFETY: the transaction is live and given up here.
        check(unsafe { ffi::mdb_txn_commit(txn) }, "commit the index")
    }

    fn close_cursor(&mut self) {
        if !self.cursor.is_null() {
            // SAFETY: the cursor was opened in this transaction, which is still live.
            unsafe { ffi::mdb_cursor_close(self.cursor) };
            self.cursor = ptr::null_mut();
        }
    }
}

/// A key and its value, inside the map.
pub type Pair<'a> = (&'a [u8], &'a [u8]);

/// # Safety
/// `data` describes readable memory that lives for `'a`.
unsafe fn slice<'a>(data: &ffi::MDB_val) -> &'a [u8] {
    if data.mv_size == 0 {
        return &[];
    }
    // SAFETY: promised by the caller.
    unsafe { std::slice::from_raw_parts(data.mv_data as *const u8, data.mv_size) }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.close_cursor();
        if !self.txn.is_null() {
            // SAFETY: the transaction is live and given up here.
            unsafe { ffi::mdb_txn_abort(self.txn) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_survive_commit_and_vanish_with_a_dropped_transaction() {
        let dir = tempfile::tempdir().unwrap();
        let env = Environment::open(dir.path()).unwrap();
        let mut txn = env.begin().unwrap();
        txn.put(b"a", b"1").unwrap();
        txn.put(b"c", b"3").unwrap();
        txn.commit().unwrap();
        let mut txn = env.begin().unwrap();
        txn.put(b"b", b"2").unwrap();
        drop(txn);
        let mut txn = env.begin().unwrap();
        assert_eq!(txn.get(b"a").unwrap(), Some(&b"1"[..]));
        assert_eq!(txn.get(b"b").unwrap(), None);
        assert_eq!(txn.seek(b"b").unwrap(), Some((&b"c"[..], &b"3"[..])));
        assert_eq!(txn.following().unwrap(), None);
        assert!(txn.delete(b"a").unwrap());
        assert!(!txn.delete(b"a").unwrap());
    }

    fn fill(env: &Arc<Environment>, keys: std::ops::Range<u32>, byte: u8) {
        let mut txn = env.begin().unwrap();
        for key in keys {
            txn.put(&key.to_be_bytes(), &vec![byte; 1 << 20]).unwrap();
        }
        txn.commit().unwrap();
    }

    #[test]
    fn the_map_grows_and_another_handle_follows() {
        let dir = tempfile::tempdir().unwrap();
        let one = Environment::open_roomy(dir.path(), 16 << 20).unwrap();
        let two = Environment::open_roomy(dir.path(), 16 << 20).unwrap();
        for key in 0..40 {
            fill(&one, key..key + 1, 7);
        }
        let txn = two.begin().unwrap();
        assert_eq!(
            txn.get(&39u32.to_be_bytes()).unwrap().map(<[u8]>::len),
            Some(1 << 20)
        );
    }

    #[test]
    fn a_file_that_was_cut_is_not_whole_whoever_looks() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("data.mdb");
        let env = Environment::open_roomy(dir.path(), 16 << 20).unwrap();
        fill(&env, 0..4, 7);
        env.check_whole(&file).unwrap();
        drop(env);
        let cut = std::fs::OpenOptions::new().write(true).open(&file);
        cut.unwrap().set_len(2 << 20).unwrap();
        for _ in 0..2 {
            let env = Environment::open_roomy(dir.path(), 16 << 20).unwrap();
            let error = env.check_whole(&file).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        }
    }

    /// As deletes all over a large backlog do.
    #[test]
    fn a_transaction_may_change_every_page() {
        let dir = tempfile::tempdir().unwrap();
        let env = Environment::open_roomy(dir.path(), 16 << 20).unwrap();
        for count in [15, 30, 45] {
            fill(&env, 0..count, 1);
            fill(&env, 0..count, 2);
        }
    }
}
