//! Object storage that fails, denies and is silent: servers of a few lines, each in a process of its own.

use super::all_of;
use super::served::{SECRET, as_user, head, header, http, port, serve};
use nearmiss::error::Error;
use nearmiss::parts::store::Store;
use nearmiss::task::Task;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[test]
fn a_bucket_that_is_not_there_is_not_written_to() {
    let test = "a_bucket_that_is_not_there_is_not_written_to";
    as_user(module_path!(), test, SECRET, &[], || {
        serve(port(), |_| {
            http("404 Not Found", b"<Error><Code>NoSuchBucket</Code></Error>")
        });
        let store = Store::open("s3://box").unwrap();
        for error in [
            store.write("x", b"").unwrap_err(),
            store.delete("x").unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(
                text.contains("there is no such bucket: bucket box of s3 at 127.0.0.1"),
                "{text}"
            );
        }
    });
}

#[test]
fn a_body_that_breaks_off_is_an_error() {
    as_user(
        module_path!(),
        "a_body_that_breaks_off_is_an_error",
        SECRET,
        &[],
        || {
            let requests = serve(port(), |request| {
                // The rest is asked for, and is not sent either.
                let range = header(request, "range");
                let range = range.as_deref().and_then(|range| {
                    range
                        .strip_prefix("bytes=")?
                        .split('-')
                        .next()?
                        .parse()
                        .ok()
                });
                let from: usize = range.unwrap_or_default();
                let status = if from > 0 {
                    "206 Partial Content"
                } else {
                    "200 OK"
                };
                let head = head(status, 1000 - from);
                let part = format!("{head}Content-Range: bytes {from}-999/1000\r\n\r\n");
                [part.as_bytes(), &[b'x'; 100]].concat()
            });
            let store = Store::open("s3://box").unwrap();
            let begun = Instant::now();
            let error = store.read("x").unwrap_err();
            assert!(begun.elapsed() < Duration::from_secs(75));
            assert!(
                error
                    .to_string()
                    .starts_with("s3://box/x: the connection with bucket box"),
                "{error}"
            );
            assert_eq!(
                requests.load(Ordering::Relaxed),
                6,
                "once and five times again"
            );
        },
    );
}

#[test]
fn a_server_that_is_silent_is_given_up_and_a_cancel_does_not_wait_for_that() {
    let test = "a_server_that_is_silent_is_given_up_and_a_cancel_does_not_wait_for_that";
    as_user(
        module_path!(),
        test,
        SECRET,
        &[("AWS_READ_TIMEOUT", "1s")],
        || {
            serve(port(), |request| {
                if request[0].starts_with("HEAD") {
                    return format!("{}\r\n", head("200 OK", 1000)).into();
                }
                std::thread::sleep(Duration::from_mins(2));
                Vec::new()
            });
            let store = Store::open("s3://box").unwrap();
            let to = tempfile::tempdir().unwrap();
            let task = Task::detached();
            std::thread::scope(|scope| {
                let fetch =
                    scope.spawn(|| store.fetch("x", &to.path().join("x"), &task).unwrap_err());
                std::thread::sleep(Duration::from_millis(500));
                assert!(!fetch.is_finished());
                let cancelled = Instant::now();
                task.cancel();
                assert!(fetch.join().unwrap().is_cancelled());
                assert!(cancelled.elapsed() < Duration::from_secs(1));
            });
            // What is given no task ends with that of its thread.
            let task = Task::detached();
            std::thread::scope(|scope| {
                let read = || task.on_thread(|_| store.read_range("x", 0..10).unwrap_err());
                let read = scope.spawn(read);
                std::thread::sleep(Duration::from_millis(500));
                assert!(!read.is_finished());
                let cancelled = Instant::now();
                task.cancel();
                assert!(read.join().unwrap().is_cancelled());
                assert!(cancelled.elapsed() < Duration::from_secs(1));
            });
            let begun = Instant::now();
            let error = store.read("x").unwrap_err();
            assert!(begun.elapsed() < Duration::from_secs(75));
            assert!(
                error.to_string().contains("does not answer in time"),
                "{error}"
            );
        },
    );
}

#[test]
fn a_busy_server_is_asked_again_and_what_it_says_is_not_repeated() {
    let test = "a_busy_server_is_asked_again_and_what_it_says_is_not_repeated";
    as_user(module_path!(), test, SECRET, &[], || {
        let requests = serve(port(), |request| {
            static ASKED: AtomicUsize = AtomicUsize::new(0);
            assert!(request[0].starts_with("PUT /box/x "), "{}", request[0]);
            match ASKED.fetch_add(1, Ordering::Relaxed) {
                2 => http("200 OK", b""),
                _ => http(
                    "503 Slow Down",
                    b"<Error><Code>SlowDown</Code><Message>token=abc</Message></Error>",
                ),
            }
        });
        let store = Store::open("s3://box").unwrap();
        store.write("x", b"").unwrap();
        assert_eq!(requests.load(Ordering::Relaxed), 3);
        let error = store.write("x", b"").unwrap_err();
        assert!(
            error
                .to_string()
                .contains("answers 503 Service Unavailable (SlowDown)"),
            "{error}"
        );
        assert!(error.remedy().contains("busy"));
        assert!(!all_of(&error).contains("abc"));
    });
}

#[test]
fn an_object_that_is_replaced_while_it_is_fetched_is_told() {
    let test = "an_object_that_is_replaced_while_it_is_fetched_is_told";
    as_user(module_path!(), test, SECRET, &[], || {
        serve(port(), |request| {
            static ASKED: AtomicUsize = AtomicUsize::new(0);
            if request[0].starts_with("GET") {
                let part = format!(
                    "{}Content-Range: bytes 0-3/4\r\n\r\nabcd",
                    head("206 Partial Content", 4)
                );
                return part.into();
            }
            let before = ASKED.fetch_add(1, Ordering::Relaxed);
            let said = format!("{}\r\n", head("200 OK", 4));
            said.replace("\"e\"", &format!("\"e{before}\"")).into()
        });
        let to = tempfile::tempdir().unwrap();
        let store = Store::open("s3://box").unwrap();
        let error = store
            .fetch("x", &to.path().join("x"), &Task::detached())
            .unwrap_err();
        assert!(matches!(error, Error::Changed { .. }), "{error}");
        assert_eq!(std::fs::read_dir(to.path()).unwrap().count(), 0);
    });
}

#[test]
fn parts_of_a_write_that_fails_are_taken_back() {
    let test = "parts_of_a_write_that_fails_are_taken_back";
    as_user(module_path!(), test, SECRET, &[], || {
        static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
        serve(port(), |request| {
            let line = request[0].replace(" HTTP/1.1", "");
            LINES.lock().unwrap().push(line.clone());
            let begun = b"<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>";
            match line.split(' ').next().unwrap() {
                "POST" => http("200 OK", begun),
                "DELETE" => http("204 No Content", b""),
                _ if line.contains("partNumber=2") => http(
                    "400 Bad Request",
                    b"<Error><Code>InvalidPart</Code></Error>",
                ),
                _ => http("200 OK", b""),
            }
        });
        let store = Store::open("s3://box").unwrap();
        let error = store.write("x", &vec![1; 65 << 20]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("answers 400 Bad Request (InvalidPart)"),
            "{error}"
        );
        let expected = [
            "POST /box/x?uploads=",
            "PUT /box/x?partNumber=1&uploadId=id",
            "PUT /box/x?partNumber=2&uploadId=id",
            "DELETE /box/x?uploadId=id",
        ];
        assert_eq!(*LINES.lock().unwrap(), expected);
    });
}
