//! An open store.

use crate::answer::Answer;
use crate::numbers::{ranged, ranged_if, whole};
use crate::port::Port;
use crate::queue::NativeQueue;
use crate::requests::{OpenInput, QueueInput};
use crate::serve::{ServeInput, serve_store};
use crate::values::{Checked, Counters, Names, Recovered, Task};
use forebay_ffi::api::{Number, Result, Store};
use napi_derive::napi;

/// Opens a store.
#[napi]
pub fn open(port: &Port, id: u32, location: String, options: OpenInput) -> Option<Answer> {
    port.apart(id, move || {
        let store = options.read()?.open(location)?;
        Ok(Answer::Store(NativeStore::new(store)))
    })
}

/// An open store.
#[napi]
pub struct NativeStore {
    store: Store,
}

impl NativeStore {
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

#[napi]
impl NativeStore {
    #[napi(getter)]
    pub fn account(&self) -> &str {
        self.store.account()
    }

    #[napi(getter)]
    pub fn region(&self) -> &str {
        self.store.region()
    }

    #[napi]
    pub fn scope(&self, account: String, region: String) -> Self {
        Self::new(self.store.scope(&account, &region))
    }

    #[napi]
    pub fn create_queue(
        &self,
        port: &Port,
        id: u32,
        name: String,
        options: QueueInput,
    ) -> Option<Answer> {
        let options = options.read();
        let call = options.and_then(|options| self.store.calls().create_queue(&name, &options));
        port.submit(id, call, NativeQueue::answer(port))
    }

    #[napi]
    pub fn get_queue(&self, port: &Port, id: u32, name: String) -> Option<Answer> {
        let call = self.store.calls().get_queue(&name);
        port.submit(id, call, NativeQueue::answer(port))
    }

    #[napi]
    pub fn delete_queue(&self, port: &Port, id: u32, name: String) -> Option<Answer> {
        let call = self.store.calls().delete_queue(&name);
        port.submit(id, call, |()| Answer::Nothing)
    }

    #[napi]
    pub fn list_queues(
        &self,
        port: &Port,
        id: u32,
        prefix: String,
        limit: f64,
        token: Option<String>,
    ) -> Option<Answer> {
        let call = ranged(Number::Limit, limit).and_then(|limit| {
            let calls = self.store.calls();
            calls.list_queues_page(&prefix, limit, token.as_deref())
        });
        port.submit(id, call, |page| Answer::Names(Names::from(page)))
    }

    #[napi]
    pub fn start_move_task(
        &self,
        port: &Port,
        id: u32,
        source: String,
        destination: Option<String>,
        rate: Option<f64>,
    ) -> Option<Answer> {
        let call = ranged_if(Number::Rate, rate).and_then(|rate| {
            let calls = self.store.calls();
            calls.start_move_task(&source, destination.as_deref(), rate)
        });
        port.submit(id, call, Answer::Text)
    }

    #[napi]
    pub fn cancel_move_task(&self, port: &Port, id: u32, handle: String) -> Option<Answer> {
        let call = self.store.calls().cancel_move_task(&handle);
        port.submit(id, call, Answer::count)
    }

    #[napi]
    pub fn list_move_tasks(
        &self,
        port: &Port,
        id: u32,
        source: String,
        limit: f64,
    ) -> Option<Answer> {
        let call = ranged(Number::Limit, limit)
            .and_then(|limit| self.store.calls().list_move_tasks(&source, limit));
        port.submit(id, call, |tasks| {
            Answer::Tasks(tasks.iter().map(Task::from).collect())
        })
    }

    #[napi]
    pub fn now(&self, _port: &Port, _id: u32) -> Option<Answer> {
        at_once(self.store.now_ms().map(Answer::count))
    }

    #[napi]
    pub fn statistics(&self, _port: &Port, _id: u32) -> Option<Answer> {
        let counters = self.store.statistics().map(Counters::from);
        at_once(counters.map(|counters| Answer::Counters(Box::new(counters))))
    }

    #[napi]
    pub fn recovery(&self, _port: &Port, _id: u32) -> Option<Answer> {
        let recovery = self.store.recovery();
        at_once(recovery.map(|recovery| match recovery {
            Some(recovery) => Answer::Recovered(Box::new(Recovered::from(recovery))),
            None => Answer::Nothing,
        }))
    }

    #[napi]
    pub fn advance(&self, port: &Port, id: u32, by_ms: f64) -> Option<Answer> {
        let store = self.store.clone();
        port.apart(id, move || {
            let now_ms = store.advance(whole("advance", by_ms)?)?;
            Ok(Answer::count(now_ms))
        })
    }

    #[napi]
    pub fn check(&self, port: &Port, id: u32) -> Option<Answer> {
        let store = self.store.clone();
        port.apart(id, move || {
            let report = Checked::from(store.check()?);
            Ok(Answer::Checked(Box::new(report)))
        })
    }

    #[napi]
    pub fn backup(&self, port: &Port, id: u32, to: String) -> Option<Answer> {
        let store = self.store.clone();
        port.apart(id, move || store.backup(to).map(|()| Answer::Nothing))
    }

    #[napi]
    pub fn serve(&self, port: &Port, id: u32, input: ServeInput) -> Option<Answer> {
        serve_store(port, id, self.store.clone(), input)
    }

    #[napi]
    pub fn close(&self, port: &Port, id: u32) -> Option<Answer> {
        let store = self.store.clone();
        port.apart(id, move || {
            store.close();
            Ok(Answer::Nothing)
        })
    }
}

/// What needs no wait and no port.
fn at_once(result: Result<Answer>) -> Option<Answer> {
    Some(result.unwrap_or_else(Answer::Failure))
}
