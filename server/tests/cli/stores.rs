//! Queues, copies, checks, and errors that help.

use crate::World;

#[test]
fn queues_are_listed_and_purged() {
    let world = World::new();
    world.good("create one");
    world.good("create two.fifo --attribute ContentBasedDeduplication=true");
    world.good("send one a b");
    let listed = world.good("ls");
    assert_eq!(listed.lines[0]["name"], "one");
    assert_eq!(listed.lines[0]["visible"], 2);
    assert_eq!(listed.lines[1]["fifo"], true);
    assert_eq!(world.good("ls tw").lines.len(), 1);
    assert_eq!(world.run("ls none").status, 2);
    let stats = world.good("stats two.fifo");
    let deduplication = &stats.lines[0]["attributes"]["ContentBasedDeduplication"];
    assert_eq!(deduplication, "true");
    let top = world.good("top --count 2 --every 0 --max 1");
    assert_eq!(top.lines.len(), 2);
    assert_eq!(top.lines[0][0]["name"], "one");
    world.good("purge one");
    assert_eq!(world.run("peek one").status, 2);
    world.good("purge one --delete-queue");
    assert_eq!(world.good("ls").lines.len(), 1);
}

#[test]
fn an_export_is_imported_elsewhere() {
    let (from, to) = (World::new(), World::new());
    from.good("create a");
    from.good("create b.fifo");
    from.good("send a x y --attribute kind=new");
    from.good("send b.fifo z --group g --dedup d");
    let exported = from.good("export");
    assert_eq!(exported.lines.len(), 3);
    to.good("create a");
    to.good("create b.fifo");
    let imported = to.run_with("import", &exported.text);
    assert_eq!(imported.lines[0]["sent"], 3, "{}", imported.error);
    assert_eq!(to.good("peek a").bodies(), ["x", "y"]);
    assert_eq!(to.good("peek b.fifo").lines[0]["group"], "g");
    to.good("create all");
    let again = to.run_with("import", &exported.text);
    assert_eq!(again.lines[0]["duplicates"], 1, "{}", again.error);
    let imported = to.run_with("import --to all", &exported.text);
    assert_eq!(imported.lines[0]["sent"], 3, "{}", imported.error);
    assert_eq!(to.good("peek all").bodies(), ["x", "y", "z"]);
    let wrong = to.run_with("import --to all", "{\"body\": \"x\", \"delay\": 901}\n");
    assert_eq!(wrong.status, 1);
    assert!(wrong.error.contains("901"), "{}", wrong.error);
}

/// A queue takes a deduplication id again after five minutes.
#[test]
fn messages_that_share_a_deduplication_id_are_all_imported_in_their_order() {
    let world = World::new();
    world.good("create q.fifo");
    world.good("create each.fifo --attribute DeduplicationScope=messageGroup");
    let line = |body: &str, group: &str, dedup: &str| {
        format!("{{\"body\": \"{body}\", \"group\": \"{group}\", \"dedup\": \"{dedup}\"}}\n")
    };
    let long = "d".repeat(128);
    let lines = [
        line("1", "g", &long),
        line("2", "h", &long),
        line("3", "g", &long),
        line("4", "g", "e"),
    ]
    .concat();
    for name in ["q.fifo", "each.fifo"] {
        for (sent, duplicates) in [(4, 0), (0, 4)] {
            let imported = world.run_with(&format!("import --to {name}"), &lines);
            let told = &imported.lines[0];
            assert_eq!(told["sent"], sent, "{name} {}", imported.error);
            assert_eq!(told["duplicates"], duplicates, "{name}");
        }
        let peeked = world.good(&format!("peek {name}"));
        assert_eq!(peeked.bodies(), ["1", "2", "3", "4"]);
        assert_eq!(peeked.lines[0]["dedup"], long);
        assert_eq!(peeked.lines[1]["dedup"] == long, name == "each.fifo");
        assert_eq!(peeked.lines[3]["dedup"], "e");
    }
}

#[test]
fn no_failure_of_an_import_hides_another() {
    let world = World::new();
    world.good("create c");
    let lines = concat!(
        "{\"body\": \"1\", \"queue\": \"absent\"}\n",
        "{\"body\": \"2\", \"queue\": \"c\", \"delay\": 901}\n",
        "{\"body\": \"3\", \"queue\": \"c\"}\n",
        "{\"body_base64\": \"?\", \"queue\": \"c\"}\n",
    );
    let imported = world.run_with("import", lines);
    assert_eq!(imported.status, 1);
    for part in ["absent", "901", "line 4", "body_base64"] {
        assert!(imported.error.contains(part), "{}", imported.error);
    }
    assert_eq!(world.good("peek c").bodies(), ["3"]);
    let lines = "{\"body\": \"4\", \"delay\": 901}\n{\"body\": }\n";
    let sent = world.run_with("send c", lines);
    for part in ["901", "line 2"] {
        assert!(sent.error.contains(part), "{}", sent.error);
    }
}

#[test]
fn a_store_is_copied_and_examined() {
    let world = World::new();
    world.good("create kept");
    world.good("send kept safe");
    let copy = world.folder.path().join("copy");
    world.good(&format!("backup {}", copy.display()));
    let copied = world.good(&format!("peek kept --store {}", copy.display()));
    assert_eq!(copied.bodies(), ["safe"]);
    let healthy = world.good("doctor");
    let of = |check: &str| {
        let mut lines = healthy.lines.iter();
        lines.find(|line| line["check"] == check).unwrap().clone()
    };
    assert_eq!(of("files")["messages"], 1);
    assert!(of("disk")["syncs_per_second"].as_f64().unwrap() > 0.0);
    assert!(of("disk")["free_bytes"].as_u64().unwrap() > 0);
    assert!(of("version")["forebay"].is_string());
}

#[test]
fn errors_say_what_there_is() {
    let world = World::new();
    let absent = world.run("ls");
    assert_eq!(absent.status, 1);
    assert!(absent.error.contains("does not exist"), "{}", absent.error);
    let folder = world.folder.path().join("other");
    std::fs::create_dir(&folder).unwrap();
    let empty = world.run(&format!("ls --store {}", folder.display()));
    assert!(empty.error.contains("holds no store"), "{}", empty.error);
    world.good("create orders");
    let misspelt = world.run("receive ordres");
    assert_eq!(misspelt.status, 1);
    let expected = "no queue \"ordres\"";
    assert!(misspelt.error.contains(expected), "{}", misspelt.error);
    assert!(misspelt.error.contains("orders"), "{}", misspelt.error);
    assert_eq!(world.run("receive orders --max many").status, 64);
    assert_eq!(world.run("frobnicate").status, 64);
    assert_eq!(world.run("--help").status, 0);
}

#[test]
fn shells_and_manuals_know_every_command() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        let completions = world.good(&format!("completions {shell}"));
        assert!(completions.text.contains("redrive"), "{shell}");
    }
    let manual = world.good("man");
    assert!(manual.text.starts_with(".ie") || manual.text.contains(".TH"));
    assert!(manual.text.contains("doctor"));
}
