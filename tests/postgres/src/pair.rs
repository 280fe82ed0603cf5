//! A primary and its synchronous standby on loopback, which change places when the primary is
//! killed.

use super::{Cluster, WATCHDOG};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Enough log for a standby that is made anew to catch up; and a standby that lost its primary
/// looks again soon, or it may see only then that it is to be promoted.
const SETTINGS: [&str; 2] = ["wal_keep_size=256MB", "wal_retrieve_retry_interval=100ms"];

/// Two servers, of which one takes writes.
pub struct Pair {
    primary: Cluster,
    standby: Cluster,
}

impl Pair {
    /// Starts both, with these settings beside the usual ones, and returns when commits wait for
    /// the standby.
    pub fn start(settings: &[&str]) -> io::Result<Self> {
        let settings: Vec<&str> = settings.iter().copied().chain(SETTINGS).collect();
        let primary = Cluster::start(&settings)?;
        let mut standby = Cluster::prepare(&std::env::temp_dir(), &settings, false)?;
        standby.follow(&primary)?;
        let pair = Self { primary, standby };
        pair.make_synchronous()?;
        Ok(pair)
    }

    /// The ports of both, in an order that stays.
    pub fn ports(&self) -> [u16; 2] {
        let mut ports = [self.primary.port(), self.standby.port()];
        ports.sort_unstable();
        ports
    }

    /// The location of a store, through these ports of loopback: those of the pair, or of proxies.
    pub fn location_at(ports: [u16; 2], schema: &str) -> String {
        let [one, other] = ports;
        format!(
            "postgres://forebay@127.0.0.1:{one},127.0.0.1:{other}/postgres\
             ?sslmode=disable&target_session_attrs=read-write&schema={schema}"
        )
    }

    /// The server that takes writes, or did until it was killed.
    pub fn primary(&self) -> &Cluster {
        &self.primary
    }

    /// Kills the primary, every process of it.
    pub fn kill_primary(&mut self) -> io::Result<()> {
        self.primary.kill()
    }

    /// Promotes the standby, which takes the primary's place; commits wait for no other until
    /// [`Pair::rebuild`].
    pub fn promote(&mut self) -> io::Result<()> {
        // One that waited for the end would hold a snapshot, and the replay would wait for that.
        self.standby.run("SELECT pg_promote(false)")?;
        // What the killed one had said it confirmed is replayed before it takes writes.
        let started = Instant::now();
        while self.standby.query("SELECT pg_is_in_recovery()")? != [[Some("f".to_owned())]] {
            if started.elapsed() > WATCHDOG {
                return Err(io::Error::other("the standby was not promoted"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.standby
            .run("ALTER SYSTEM RESET synchronous_standby_names")?;
        self.standby.run("SELECT pg_reload_conf()")?;
        std::mem::swap(&mut self.primary, &mut self.standby);
        Ok(())
    }

    /// Makes the killed server the standby of the other, and returns when commits wait for it.
    pub fn rebuild(&mut self) -> io::Result<()> {
        self.standby.follow(&self.primary)?;
        self.make_synchronous()
    }

    /// Returns when commits wait for the standby, as `synchronous_commit = on` has it. All commits
    /// before are there as well then: the log has them in front of one that was waited for.
    fn make_synchronous(&self) -> io::Result<()> {
        let primary = &self.primary;
        primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'")?;
        primary.run("SELECT pg_reload_conf()")?;
        self.await_state("SELECT sync_state FROM pg_stat_replication", "sync")?;
        // The setting is the server's when its checkpointer has read it, which nothing shows but a
        // commit that waits: one for a standby that does not replay.
        self.standby.run("SELECT pg_wal_replay_pause()")?;
        let seen = AtomicBool::new(false);
        let waited = std::thread::scope(|scope| {
            let committing = scope.spawn(|| {
                while !seen.load(Ordering::Acquire) {
                    primary.run(
                        "SET synchronous_commit = remote_apply; \
                         SELECT pg_logical_emit_message(true, 'forebay', 'is waited for')",
                    )?;
                }
                Ok::<_, io::Error>(())
            });
            let waits = self.await_state(
                "SELECT 'waits' FROM pg_stat_activity WHERE wait_event = 'SyncRep' LIMIT 1",
                "waits",
            );
            seen.store(true, Ordering::Release);
            let resumed = self.standby.run("SELECT pg_wal_replay_resume()");
            let committed = committing.join();
            waits.and(resumed).map(|()| committed)
        })?;
        waited.map_err(|_| io::Error::other("the thread that commits ended badly"))?
    }

    fn await_state(&self, sql: &str, wanted: &str) -> io::Result<()> {
        let started = Instant::now();
        loop {
            let rows = self.primary.query(sql)?;
            let found = rows.first().and_then(|row| row.first()?.as_deref());
            if found == Some(wanted) {
                return Ok(());
            }
            if started.elapsed() > WATCHDOG {
                let text = format!("{sql}: {found:?} and not {wanted:?} within {WATCHDOG:?}");
                return Err(io::Error::other(text));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
