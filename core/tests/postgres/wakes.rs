use super::{WATCHDOG, place};
use forebay::{Queue, QueueOptions, ReceiveOptions, SendRequest, Store};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A wait that tells its message, and whether it was woken well before its end.
fn wait(queue: &Queue) -> (forebay::Ticket, Receiver<(Vec<u8>, bool)>) {
    let (sender, receiver) = channel();
    let start = Instant::now();
    let ticket = queue
        .receive_start(ReceiveOptions::new().wait(20), move |found| {
            let message = found.unwrap().pop();
            let body = message.map_or_else(Vec::new, |message| message.body().to_vec());
            let woken = start.elapsed() < Duration::from_secs(19);
            sender.send((body, woken)).unwrap();
        })
        .unwrap();
    (ticket, receiver)
}

/// A receive that moves a message changes two queues for those who wait in the same process.
#[test]
fn postgres_wakes_for_what_a_receive_moves() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let options = QueueOptions::new().fifo();
    let dead = store.create_queue("dead.fifo", &options).unwrap();
    let options = options.dead_letter("dead.fifo", 1).visibility_timeout(0);
    let queue = store.create_queue("q.fifo", &options).unwrap();
    let request = SendRequest::new("poison").group("g").deduplication("p");
    queue.send(request).unwrap();
    assert_eq!(queue.receive(&ReceiveOptions::new()).unwrap().len(), 1);
    let (_ticket, found) = wait(&dead);
    // By then notifications come in, and nothing is looked at without one.
    std::thread::sleep(Duration::from_secs(3));
    assert!(queue.receive(&ReceiveOptions::new()).unwrap().is_empty());
    assert_eq!(
        found.recv_timeout(WATCHDOG).unwrap(),
        (b"poison".to_vec(), true)
    );
}

/// A receive that leaves its wait to the queue is told of what another process sends.
#[test]
fn postgres_wakes_waits_that_the_queue_names() {
    let Some((_, location)) = place() else { return };
    let store = Store::open(&location).unwrap();
    let options = QueueOptions::new().receive_wait(20);
    let queue = store.create_queue("q", &options).unwrap();
    let other = Store::open(&location).unwrap();
    let sender = other.get_queue("q").unwrap();
    for body in ["blocking", "started"] {
        let (told, found) = channel();
        let start = Instant::now();
        let tell = move |messages: Vec<forebay::Message>| {
            let bodies: Vec<_> = messages.iter().map(|it| it.body().to_vec()).collect();
            let woken = start.elapsed() < Duration::from_secs(19);
            told.send((bodies, woken)).unwrap();
        };
        let queue = queue.clone();
        let _ticket = match body {
            "blocking" => {
                std::thread::spawn(move || tell(queue.receive(&ReceiveOptions::new()).unwrap()));
                None
            }
            _ => Some(
                queue
                    .receive_start(ReceiveOptions::new(), move |it| tell(it.unwrap()))
                    .unwrap(),
            ),
        };
        // By then notifications come in, and nothing is looked at without one.
        std::thread::sleep(Duration::from_secs(3));
        sender.send(body).unwrap();
        let expected = (vec![body.as_bytes().to_vec()], true);
        assert_eq!(found.recv_timeout(WATCHDOG).unwrap(), expected);
    }
}
