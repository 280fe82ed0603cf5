//! Queues that are SQL and nothing else: pgmq, and a table with SKIP LOCKED. Each client has a
//! connection of its own and prepared statements.

use super::server::Server;
use super::subject::{Client, Done, Subject, Work, together};
use crate::workloads::Failure;
use std::path::Path;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{NoTls, Statement};

/// What a queue is asked. `$1` of a send of one is a body, of a send of many an array of bodies.
struct Texts {
    name: &'static str,
    body: Type,
    send: &'static str,
    send_many: &'static str,
    receive: &'static str,
    delete: &'static str,
}

const PGMQ: Texts = Texts {
    name: "pgmq",
    body: Type::TEXT,
    send: "SELECT pgmq.send('bench', to_jsonb($1::text))",
    send_many: "SELECT pgmq.send_batch('bench', \
                ARRAY(SELECT to_jsonb(b) FROM unnest($1::text[]) b))",
    receive: "SELECT msg_id, message FROM pgmq.read('bench', 30, $1)",
    delete: "SELECT pgmq.delete('bench', $1::bigint[])",
};

const TABLE: Texts = Texts {
    name: "SKIP LOCKED",
    body: Type::BYTEA,
    send: "INSERT INTO skip_locked (body) VALUES ($1)",
    send_many: "INSERT INTO skip_locked (body) SELECT unnest($1::bytea[])",
    receive: "UPDATE skip_locked SET visible = now() + interval '30 s', receives = receives + 1 \
              WHERE id = ANY (ARRAY(SELECT id FROM skip_locked WHERE visible <= now() \
              ORDER BY id LIMIT $1::integer FOR UPDATE SKIP LOCKED)) RETURNING id, body",
    delete: "DELETE FROM skip_locked WHERE id = ANY ($1)",
};

/// A queue and the clients that it has had so far.
pub struct Sql {
    texts: &'static Texts,
    about: String,
    location: String,
    clients: Vec<Box<dyn Client>>,
}

impl Sql {
    /// pgmq, installed by the SQL file of its release.
    pub fn pgmq(server: &Server, file: &Path) -> Result<Self, Failure> {
        let sql = std::fs::read_to_string(file)
            .map_err(|error| format!("read {}: {error}", file.display()))?;
        server.run("CREATE SCHEMA IF NOT EXISTS pgmq")?;
        server.run(&sql)?;
        server.run("SELECT pgmq.create('bench')")?;
        let release = file.ancestors().nth(5).and_then(Path::file_name);
        let release = release.unwrap_or_default().to_string_lossy();
        Ok(Self::new(&PGMQ, format!("SQL of crate {release}"), server))
    }

    /// The table that people make themselves.
    pub fn table(server: &Server) -> Result<Self, Failure> {
        server.run(
            "CREATE TABLE skip_locked (id bigserial PRIMARY KEY, body bytea NOT NULL, \
             visible timestamptz NOT NULL DEFAULT now(), receives integer NOT NULL DEFAULT 0); \
             CREATE INDEX ON skip_locked (visible)",
        )?;
        let about = "a table, UPDATE of what SELECT ... FOR UPDATE SKIP LOCKED finds";
        Ok(Self::new(&TABLE, about.into(), server))
    }

    fn new(texts: &'static Texts, about: String, server: &Server) -> Self {
        Self {
            texts,
            about: format!("{about}; a connection for each client, prepared statements"),
            location: server.plain_location(),
            clients: Vec::new(),
        }
    }
}

impl Subject for Sql {
    fn name(&self) -> &str {
        self.texts.name
    }

    fn about(&self) -> String {
        self.about.clone()
    }

    fn work(&mut self, work: &Work) -> Result<Done, Failure> {
        while self.clients.len() < work.clients {
            let client = Connected::open(self.texts, &self.location)?;
            self.clients.push(Box::new(client));
        }
        together(&mut self.clients[..work.clients], work)
    }
}

struct Connected {
    runtime: Runtime,
    client: tokio_postgres::Client,
    body: Type,
    send: Statement,
    send_many: Statement,
    receive: Statement,
    delete: Statement,
}

impl Connected {
    fn open(texts: &Texts, location: &str) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let made = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(location, NoTls).await?;
            tokio::spawn(connection);
            let send = client.prepare(texts.send).await?;
            let send_many = client.prepare(texts.send_many).await?;
            let receive = client.prepare(texts.receive).await?;
            let delete = client.prepare(texts.delete).await?;
            Ok::<_, tokio_postgres::Error>((client, send, send_many, receive, delete))
        });
        let (client, send, send_many, receive, delete) = made?;
        Ok(Self {
            runtime,
            client,
            body: texts.body.clone(),
            send,
            send_many,
            receive,
            delete,
        })
    }

    async fn ask(&self, batch: usize, body: &[u8]) -> Result<u64, Failure> {
        let text = std::str::from_utf8(body)?;
        let as_text = self.body == Type::TEXT;
        let bodies: &(dyn ToSql + Sync) = match (batch, as_text) {
            (1, true) => &text,
            (1, false) => &body,
            (_, true) => &vec![text; batch],
            (_, false) => &vec![body; batch],
        };
        let send = if batch == 1 {
            &self.send
        } else {
            &self.send_many
        };
        self.client.query(send, &[bodies]).await?;
        let limit = i32::try_from(batch)?;
        let rows = self.client.query(&self.receive, &[&limit]).await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        if !ids.is_empty() {
            self.client.query(&self.delete, &[&ids]).await?;
        }
        Ok(ids.len() as u64)
    }
}

impl Client for Connected {
    fn cycle(&mut self, batch: usize, body: &[u8]) -> Result<u64, Failure> {
        self.runtime.block_on(self.ask(batch, body))
    }
}
