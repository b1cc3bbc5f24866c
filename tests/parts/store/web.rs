//! Files of a web server, which are only read.

use super::served::{alone, free_port, head, header, http, serve};
use nearmiss::parts::store::Store;
use nearmiss::task::Task;
use std::sync::Mutex;
use std::sync::atomic::Ordering;

#[test]
fn files_of_a_web_server_are_read_and_not_written() {
    alone(
        module_path!(),
        "files_of_a_web_server_are_read_and_not_written",
        &[],
        || {
            let port = free_port();
            let asked = serve(port, |request| {
                let words: Vec<&str> = request[0].split(' ').collect();
                if words[1] != "/data/a%20b/x%20y.bin" {
                    return http("404 Not Found", b"<Code>NoSuchBucket</Code>");
                }
                let range = header(request, "range");
                let range = range
                    .as_deref()
                    .and_then(|range| range.strip_prefix("bytes="));
                let content = b"0123456789";
                match range {
                    _ if words[0] == "HEAD" => format!("{}\r\n", head("200 OK", 10)).into(),
                    Some(range) => {
                        let (from, to) = range.split_once('-').unwrap();
                        let (from, to): (usize, usize) =
                            (from.parse().unwrap(), to.parse().unwrap());
                        let part = &content[from..=to.min(9)];
                        let range = format!("Content-Range: bytes {from}-{}/10\r\n\r\n", to.min(9));
                        [
                            head("206 Partial Content", part.len()).as_bytes(),
                            range.as_bytes(),
                            part,
                        ]
                        .concat()
                    }
                    None => http("200 OK", content),
                }
            });
            let store = Store::open(&format!("http://127.0.0.1:{port}/data/a%20b/")).unwrap();
            assert_eq!(store.host(), Some(format!("127.0.0.1:{port}")));
            assert_eq!(asked.load(Ordering::Relaxed), 0, "nothing is asked yet");
            let name = "x y.bin";
            let about = store.about(name).unwrap().unwrap();
            assert_eq!((about.size, about.etag.as_deref()), (10, Some("\"e\"")));
            assert_eq!(store.read(name).unwrap(), b"0123456789");
            assert_eq!(store.read_range(name, 2..5).unwrap(), b"234");
            assert!(store.read_range(name, 8..12).is_err());
            let to = tempfile::tempdir().unwrap();
            store
                .fetch(name, &to.path().join("x"), &Task::detached())
                .unwrap();
            assert_eq!(std::fs::read(to.path().join("x")).unwrap(), b"0123456789");
            assert_eq!(store.read_if_there("y").unwrap(), None);
            assert_eq!(store.about("y").unwrap(), None);
            assert!(
                store
                    .read("y")
                    .unwrap_err()
                    .to_string()
                    .contains("no such object")
            );
            let before = asked.load(Ordering::Relaxed);
            for error in [
                store.write("y", b"").unwrap_err(),
                store.delete("y").unwrap_err(),
            ] {
                assert!(error.to_string().contains("only read"), "{error}");
            }
            assert!(
                store
                    .list("")
                    .unwrap_err()
                    .to_string()
                    .contains("does not say which files")
            );
            assert_eq!(
                asked.load(Ordering::Relaxed),
                before,
                "refused without asking"
            );
        },
    );
}

#[test]
fn a_web_server_without_ranges_and_one_that_wants_a_password_are_told() {
    let test = "a_web_server_without_ranges_and_one_that_wants_a_password_are_told";
    alone(module_path!(), test, &[], || {
        let port = free_port();
        let answers = Mutex::new(vec![
            http("401 Unauthorized", b""),
            http("200 OK", b"0123456789"),
        ]);
        serve(port, move |_| answers.lock().unwrap().pop().unwrap());
        let store = Store::open(&format!("http://localhost:{port}")).unwrap();
        let error = store.read_range("x", 0..4).unwrap_err();
        assert!(
            error.to_string().contains("does not send parts of a file"),
            "{error}"
        );
        let error = store.read("x").unwrap_err();
        assert!(error.to_string().contains("denies access"), "{error}");
        assert!(
            error.remedy().contains("anyone may read"),
            "{}",
            error.remedy()
        );
    });
}
