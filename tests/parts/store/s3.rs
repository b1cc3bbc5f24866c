//! Object storage, by a real server on this machine.

use super::served::{SECRET, with_server};
use super::{names, noise};
use nearmiss::parts::store::Store;
use nearmiss::task::Task;
use std::time::{Duration, Instant};

#[test]
fn objects_are_written_read_listed_and_deleted() {
    with_server(
        module_path!(),
        "objects_are_written_read_listed_and_deleted",
        SECRET,
        |server| {
            let store = Store::open("s3://box/runs/a/").unwrap();
            let address = std::env::var("AWS_ENDPOINT_URL").unwrap();
            let host = address.strip_prefix("http://").unwrap();
            assert_eq!(store.host().unwrap(), format!("bucket box of s3 at {host}"));
            assert_eq!((store.local(), store.place()), (None, "s3://box/runs/a/"));
            assert_eq!(store.list("").unwrap(), []);
            assert_eq!(store.read_if_there("a/b").unwrap(), None);
            assert_eq!(store.about("a/b").unwrap(), None);
            store.delete("a/b").unwrap();
            store.write("a/b", b"first").unwrap();
            let first = store.about("a/b").unwrap().unwrap();
            store.write("a/b", b"second").unwrap();
            let second = store.about("a/b").unwrap().unwrap();
            assert_eq!((first.size, second.size), (5, 6));
            assert!(first.etag.is_some() && first.etag != second.etag && second.modified.is_some());
            assert_eq!(store.read("a/b").unwrap(), b"second");
            assert_eq!(store.read_range("a/b", 1..4).unwrap(), b"eco");
            assert!(
                store
                    .read_range("a/b", 2..9)
                    .unwrap_err()
                    .to_string()
                    .contains("has none from 6 on")
            );
            assert!(store.read_range("a/b", 7..9).is_err());
            store.write("empty", b"").unwrap();
            assert_eq!(store.read("empty").unwrap(), b"");
            for name in ["a b/ä~[1]%41.json", "a-b", "a+b&c=d;e'f(g)!"] {
                store.write(name, name.as_bytes()).unwrap();
                assert_eq!(store.read(name).unwrap(), name.as_bytes());
            }
            let all = store.list("").unwrap();
            assert_eq!(
                names(&all),
                [
                    "a b/ä~[1]%41.json",
                    "a+b&c=d;e'f(g)!",
                    "a-b",
                    "a/b",
                    "empty"
                ]
            );
            assert_eq!(names(&store.list("a/").unwrap()), ["a/b"]);
            assert!(server.folder.path().join("box/runs/a/a/b").is_file());
            store.delete("a/b").unwrap();
            assert_eq!(store.read_if_there("a/b").unwrap(), None);
            assert!(store.write("../b", b"x").is_err());
        },
    );
}

#[test]
fn large_objects_are_written_in_parts_and_fetched_in_ranges() {
    with_server(
        module_path!(),
        "large_objects_are_written_in_parts_and_fetched_in_ranges",
        SECRET,
        |_server| {
            let store = Store::open("s3://box").unwrap();
            let content = noise((70 << 20) + 5);
            store.write("large.bin", &content).unwrap();
            assert_eq!(
                store.about("large.bin").unwrap().unwrap().size,
                content.len() as u64
            );
            assert!(store.read("large.bin").unwrap() == content);
            let range = (32 << 20) - 3..(32 << 20) + 3;
            let part = store
                .read_range("large.bin", range.start..range.end)
                .unwrap();
            assert_eq!(part, content[range.start as usize..range.end as usize]);
            let to = tempfile::tempdir().unwrap();
            let path = to.path().join("large.bin");
            store.fetch("large.bin", &path, &Task::detached()).unwrap();
            assert!(std::fs::read(&path).unwrap() == content);
        },
    );
}

#[test]
fn a_list_goes_over_many_pages() {
    with_server(
        module_path!(),
        "a_list_goes_over_many_pages",
        SECRET,
        |server| {
            let folder = server.folder.path().join("box/run");
            for folder in [
                folder.join("part"),
                folder.join("other"),
                folder.join("party"),
            ] {
                std::fs::create_dir_all(folder).unwrap();
            }
            for i in 0..1500 {
                std::fs::write(folder.join(format!("part/{i:04}.json")), format!("{i}")).unwrap();
            }
            std::fs::write(folder.join("other/x"), "x").unwrap();
            std::fs::write(folder.join("party/x"), "x").unwrap();
            let store = Store::open("s3://box/run").unwrap();
            let expected: Vec<String> = (0..1500).map(|i| format!("part/{i:04}.json")).collect();
            assert_eq!(names(&store.list("part").unwrap()), expected);
            assert_eq!(store.list("").unwrap().len(), 1502);
        },
    );
}

#[test]
fn what_is_not_there_is_told_from_a_bucket_that_is_not_there() {
    with_server(
        module_path!(),
        "what_is_not_there_is_told_from_a_bucket_that_is_not_there",
        SECRET,
        |_server| {
            let store = Store::open("s3://box/run").unwrap();
            let error = store.read("none.json").unwrap_err();
            assert!(
                error
                    .to_string()
                    .starts_with("s3://box/run/none.json: there is no such object"),
                "{error}"
            );
            assert!(
                store
                    .read_range("none.json", 0..4)
                    .unwrap_err()
                    .to_string()
                    .contains("no such object")
            );
            let nowhere = Store::open("s3://no-box/run").unwrap();
            for error in [
                nowhere.read("x").unwrap_err(),
                nowhere.read_if_there("x").unwrap_err(),
                nowhere.about("x").unwrap_err(),
                nowhere.list("").unwrap_err(),
            ] {
                assert!(
                    error
                        .to_string()
                        .contains("no such bucket: bucket no-box of s3 at 127.0.0.1"),
                    "{error}"
                );
                assert!(
                    error.remedy().contains("AWS_ENDPOINT_URL"),
                    "{}",
                    error.remedy()
                );
            }
        },
    );
}

#[test]
fn a_server_that_dies_while_it_sends_is_told_in_bounded_time() {
    with_server(
        module_path!(),
        "a_server_that_dies_while_it_sends_is_told_in_bounded_time",
        SECRET,
        |mut server| {
            let store = Store::open("s3://box").unwrap();
            store.write("large.bin", &vec![7; 160 << 20]).unwrap();
            let to = tempfile::tempdir().unwrap();
            let written = || {
                let parts = std::fs::read_dir(to.path()).unwrap();
                parts
                    .map(|part| part.unwrap().metadata().unwrap().len())
                    .sum::<u64>()
            };
            let path = to.path().join("large.bin");
            let (error, took) = std::thread::scope(|scope| {
                let fetch = scope.spawn(|| {
                    let error = store
                        .fetch("large.bin", &path, &Task::detached())
                        .unwrap_err();
                    (error, Instant::now())
                });
                while written() < 16 << 20 && !fetch.is_finished() {
                    std::thread::sleep(Duration::from_millis(5));
                }
                server.kill();
                let killed = Instant::now();
                let (error, ended) = fetch.join().unwrap();
                (error, ended - killed)
            });
            assert!(took < Duration::from_secs(75), "{took:?}");
            assert!(
                error
                    .to_string()
                    .contains("connection with bucket box of s3 at 127.0.0.1"),
                "{error}"
            );
            assert!(
                error.remedy().contains("Check the network"),
                "{}",
                error.remedy()
            );
            let told = error.to_string();
            assert_eq!(written(), 0, "nothing half written stays");
            let error = store.write("x", b"x").unwrap_err();
            assert!(error.to_string().contains("no connection with"), "{error}");
            println!("told {took:?} after the end: {told}");
        },
    );
}
