//! What a user may give as a place.

use super::all_of;
use nearmiss::parts::store::Store;
use std::path::Path;

#[test]
fn a_folder_is_given_as_a_path_or_as_an_address() {
    for (place, folder) in [
        ("/runs/a", "/runs/a"),
        ("runs/a b", "runs/a b"),
        ("file:///runs/a%20b/%C3%A4", "/runs/a b/ä"),
        ("file://localhost/runs", "/runs"),
    ] {
        let store = Store::open(place).unwrap();
        assert_eq!(store.local(), Some(Path::new(folder)), "{place}");
        assert_eq!((store.place(), store.host()), (place, None));
    }
}

#[test]
fn what_is_no_place_is_refused() {
    for place in [
        "",
        "a\0b",
        "s3://",
        "s3:///x",
        "s3://../x",
        "s3://b/a/../c",
        "s3://b//x",
        "s3://b%2fc/x",
        "ftp://host/x",
        "http://host/x",
        "http://127.example/x",
        "file://host/x",
        "file:///a%2",
        "file:///%00",
        "file://",
    ] {
        let error = Store::open(place).unwrap_err();
        assert!(!error.remedy().is_empty(), "{place:?}: {error}");
        assert!(!error.to_string().contains("object storage"), "{error}");
    }
}

#[test]
fn an_address_with_a_secret_is_refused_and_not_repeated() {
    for place in [
        "https://user:hunter2@host/x",
        "https://hunter2@host/x",
        "s3://key:hunter2@bucket/x",
        "s3://a:hunter2@b?hunter2",
        "https://host/x?sig=hunter2",
        "https://host?hunter2/x",
        "https://host/x#hunter2",
        "az://container/x?sv=1&sig=hunter2",
    ] {
        let error = Store::open(place).unwrap_err();
        assert!(!all_of(&error).contains("hunter2"), "{error}");
        assert!(error.remedy().contains("environment"), "{error}");
    }
}

#[cfg(not(feature = "object-storage"))]
#[test]
fn a_build_without_object_storage_says_so() {
    for place in [
        "s3://bucket/x",
        "gs://bucket",
        "az://box/x",
        "https://host/x",
    ] {
        let error = Store::open(place).unwrap_err();
        assert!(error.to_string().contains("no object storage"), "{error}");
        assert!(error.remedy().contains("--features object-storage"));
    }
}
