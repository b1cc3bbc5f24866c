//! A store in a folder.

use super::{in_folder, names, noise};
use nearmiss::error::Error;
use nearmiss::parts::store::Store;
use nearmiss::task::Task;

#[test]
fn what_is_written_is_read_listed_and_deleted() {
    let (folder, store) = in_folder();
    assert_eq!(store.list("").unwrap(), []);
    assert_eq!(store.read_if_there("a/b").unwrap(), None);
    assert_eq!(store.about("a/b").unwrap(), None);
    store.delete("a/b").unwrap();
    store.write("a/b", b"first").unwrap();
    store.write("a/b", b"second").unwrap();
    store.write("a-b", b"").unwrap();
    store.write("a/c d/ä.json", b"{}").unwrap();
    assert_eq!(store.read("a/b").unwrap(), b"second");
    assert_eq!(store.read_range("a/b", 1..4).unwrap(), b"eco");
    assert_eq!(store.read_range("a/b", 3..3).unwrap(), b"");
    let about = store.about("a/b").unwrap().unwrap();
    assert_eq!((about.size, about.etag), (6, None));
    assert!(about.modified.is_some());
    assert_eq!(store.about("a").unwrap(), None, "a folder");

    // Half written by this or another program, and a folder of such.
    std::fs::write(folder.path().join("a/.nearmiss-1-x"), b"half").unwrap();
    std::fs::create_dir(folder.path().join(".nearmiss-2-y")).unwrap();
    std::fs::write(folder.path().join(".nearmiss-2-y/b"), b"half").unwrap();
    let all = store.list("").unwrap();
    assert_eq!(names(&all), ["a-b", "a/b", "a/c d/ä.json"]);
    assert_eq!(all[1].1.size, 6);
    assert_eq!(names(&store.list("a/").unwrap()), ["a/b", "a/c d/ä.json"]);
    assert_eq!(names(&store.list("a/c d").unwrap()), ["a/c d/ä.json"]);
    for none in ["b", "a/b", "a/b/c"] {
        assert_eq!(store.list(none).unwrap(), [], "{none}");
    }

    store.delete("a/b").unwrap();
    assert_eq!(store.read_if_there("a/b").unwrap(), None);
    // Below a file there is nothing.
    assert_eq!(store.read_if_there("a-b/c").unwrap(), None);
    assert_eq!(store.about("a-b/c").unwrap(), None);
    store.delete("a-b/c").unwrap();
}

#[test]
fn what_is_not_there_or_too_short_is_told_by_its_name() {
    let (folder, store) = in_folder();
    store.write("short", b"12345").unwrap();
    let error = store.read("gone").unwrap_err();
    assert!(
        error
            .to_string()
            .contains(folder.path().join("gone").to_str().unwrap())
    );
    assert!(matches!(error, Error::Io { .. }));
    for range in [2..6, 5..6, 9..12] {
        let error = store.read_range("short", range).unwrap_err().to_string();
        assert!(
            error.contains("short") && error.contains("has none from"),
            "{error}"
        );
    }
    assert!(store.read_range("gone", 0..1).is_err());
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    assert!(store.read("folder").is_err());
    assert!(store.write("folder", b"x").is_err());
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let (_folder, store) = in_folder();
    for name in [
        "", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\\b", "a\0b", "a\nb",
    ] {
        let refused = [
            store.read(name).is_err(),
            store.read_range(name, 0..0).is_err(),
            store.about(name).is_err(),
            store.write(name, b"x").is_err(),
            store.delete(name).is_err(),
        ];
        assert_eq!(refused, [true; 5], "{name:?}");
    }
    assert!(store.list("..").is_err() && store.list("/").is_ok() && store.list("//").is_err());
}

#[cfg(unix)]
#[test]
fn links_are_followed_once_and_odd_names_are_told() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    let (folder, store) = in_folder();
    let at = |name: &str| folder.path().join(name);
    store.write("a/b", b"x").unwrap();
    symlink(folder.path(), at("a/up")).unwrap();
    symlink(at("a"), at("again")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    assert_eq!(names(&store.list("").unwrap()), ["a/b", "again/b"]);
    std::fs::write(at("a").join(std::ffi::OsStr::from_bytes(b"n\xff")), b"x").unwrap();
    let error = store.list("").unwrap_err();
    assert!(error.to_string().contains("its name"), "{error}");
}

#[test]
fn a_fetched_file_is_whole_or_absent() {
    let (_folder, store) = in_folder();
    let to = tempfile::tempdir().unwrap();
    let (path, task) = (to.path().join("deep/x.bin"), Task::detached());
    let content = noise((17 << 20) + 3);
    store.write("x.bin", &content).unwrap();
    store.write("empty", b"").unwrap();
    store.fetch("x.bin", &path, &task).unwrap();
    assert!(std::fs::read(&path).unwrap() == content);
    store.fetch("empty", &path, &task).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"");

    task.cancel();
    assert!(
        store
            .fetch("x.bin", &path, &task)
            .unwrap_err()
            .is_cancelled()
    );
    assert!(store.fetch("gone", &path, &Task::detached()).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"", "as it was");
    assert_eq!(
        std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
        1
    );
}

#[test]
fn many_threads_write_and_readers_see_whole_files() {
    let (_folder, store) = in_folder();
    store.write("shared", &[0; 4096]).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4_u8 {
            let store = store.clone();
            scope.spawn(move || {
                for _ in 0..20 {
                    store.write("shared", &[writer; 4096]).unwrap();
                    store.write(&format!("own/{writer}"), &[writer]).unwrap();
                }
            });
        }
        for _ in 0..200 {
            let read = Store::clone(&store).read("shared").unwrap();
            assert!(read.len() == 4096 && read.iter().all(|b| *b == read[0]));
        }
    });
    assert_eq!(
        names(&store.list("own").unwrap()),
        ["own/0", "own/1", "own/2", "own/3"]
    );
}
