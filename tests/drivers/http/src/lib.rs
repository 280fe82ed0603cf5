//! Drives the server by the line protocol of the scenario runner: `http-json` and `http-query`.
//! Each store is served by a server in this process, and every verb is a signed request over a
//! real connection. It only translates; what is right is in the scenario files.

mod answer;
mod client;
mod codec;
mod messages;
mod queues;
mod receive;
mod server;
mod session;
mod sign;
mod tasks;

use codec::Protocol;
use forebay_scenario_driver::wire::Line;
use session::Session;
use std::io::{BufRead, Write};

/// Reads requests and writes answers until the input ends. `protocol` is `json` or `query`.
pub fn serve(protocol: &str, input: impl BufRead, mut output: impl Write) -> std::io::Result<()> {
    let protocol = match protocol {
        "json" => Protocol::Json,
        "query" => Protocol::Query,
        other => {
            let text = format!("the protocol is json or query, not {other:?}");
            return Err(std::io::Error::other(text));
        }
    };
    let mut session = Session::new(protocol)?;
    for request in input.lines() {
        let answer = match Line::parse(&request?) {
            Ok(request) => respond(&mut session, &request),
            Err(error) => answer::misuse(&error),
        };
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

fn respond(session: &mut Session, request: &Line) -> String {
    let answer = match request.word.as_str() {
        "hello" => Ok(session::hello()),
        "open" => session.open(request),
        "close" => session.close(),
        "now" => session.now(),
        "advance" => session.advance(request),
        "create_queue" => queues::create(session, request),
        "get_queue" => queues::get(session, request),
        "delete_queue" => queues::delete(session, request),
        "list_queues" => queues::list(session, request),
        "dead_letter_sources" => queues::dead_letter_sources(session, request),
        "get_attributes" => queues::get_attributes(session, request),
        "set_attributes" => queues::set_attributes(session, request),
        "tag" => queues::tag(session, request),
        "untag" => queues::untag(session, request),
        "list_tags" => queues::list_tags(session, request),
        "purge" => queues::purge(session, request),
        "send" => messages::send(session, request),
        "send_batch" => messages::send_batch(session, request),
        "receive" => receive::receive(session, request),
        "receive_start" => receive::start(session, request),
        "ticket_state" => receive::state(session, request),
        "await" => receive::finish(session, request),
        "cancel" => receive::cancel(session, request),
        "delete" => messages::delete(session, request),
        "delete_batch" => messages::delete_batch(session, request),
        "change_visibility" => messages::change_visibility(session, request),
        "change_visibility_batch" => messages::change_visibility_batch(session, request),
        "start_move_task" => tasks::start(session, request),
        "cancel_move_task" => tasks::cancel(session, request),
        "list_move_tasks" => tasks::list(session, request),
        _ => return "unsupported".into(),
    };
    match answer {
        Ok(line) => line.print(),
        Err(failure) => failure.print(),
    }
}
