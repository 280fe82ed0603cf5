//! Drives Forebay's Rust API by the line protocol of the scenario runner: the driver `core`, and
//! with the location `model:` the driver `model`. It only translates; what is right is in the
//! scenario files.

mod answer;
mod lists;
mod messages;
mod queues;
mod session;
mod tasks;
pub mod wire;

use session::Session;
use std::io::{self, BufRead, Write};
use wire::Line;

/// Reads requests and writes answers until the input ends.
pub fn serve(input: impl BufRead, mut output: impl Write) -> io::Result<()> {
    let mut session = Session::default();
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
        "close" => Ok(session.close()),
        "now" => session.now(),
        "advance" => session.advance(request),
        "create_queue" => queues::create(session, request),
        "get_queue" => queues::get(session, request),
        "delete_queue" => queues::delete(session, request),
        "list_queues" => lists::queues(session, request),
        "dead_letter_sources" => lists::dead_letter_sources(session, request),
        "get_attributes" => queues::get_attributes(session, request),
        "set_attributes" => queues::set_attributes(session, request),
        "tag" => queues::tag(session, request),
        "untag" => queues::untag(session, request),
        "list_tags" => queues::list_tags(session, request),
        "purge" => queues::purge(session, request),
        "send" => messages::send(session, request),
        "send_batch" => messages::send_batch(session, request),
        "receive" => messages::receive(session, request),
        "receive_start" => messages::receive_start(session, request),
        "ticket_state" => messages::ticket_state(session, request),
        "await" => messages::await_ticket(session, request),
        "cancel" => messages::cancel(session, request),
        "delete" => messages::delete(session, request),
        "delete_batch" => messages::delete_batch(session, request),
        "change_visibility" => messages::change_visibility(session, request),
        "change_visibility_batch" => messages::change_visibility_batch(session, request),
        "peek" => lists::peek(session, request),
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
