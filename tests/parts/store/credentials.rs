//! Credentials come from the environment, and go nowhere else: not into messages, not to other hosts.

use super::all_of;
use super::served::{KEY, SECRET, alone, free_port, header, http, serve, with_server};
use nearmiss::error::Error;
use nearmiss::parts::store::Store;
use std::sync::atomic::Ordering;

/// Runs `body` alone, with the ports of a bucket and of a cloud's own source of credentials; `settings` makes the
/// environment from their addresses.
fn with_ports(
    test: &str,
    settings: impl FnOnce(&str, &str) -> Vec<(&'static str, String)>,
    body: impl FnOnce(u16, u16),
) {
    let (bucket, instance) = (free_port(), free_port());
    let at = |port: u16| format!("http://127.0.0.1:{port}");
    let mut all = settings(&at(bucket), &at(instance));
    all.push(("TEST_PORTS", format!("{bucket} {instance}")));
    let all: Vec<(&str, &str)> = all
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    alone(module_path!(), test, &all, || {
        let ports = std::env::var("TEST_PORTS").unwrap();
        let (bucket, instance) = ports.split_once(' ').unwrap();
        body(bucket.parse().unwrap(), instance.parse().unwrap());
    });
}

#[test]
fn without_credentials_no_other_host_is_asked() {
    let settings = |bucket: &str, instance: &str| {
        vec![
            ("AWS_ENDPOINT_URL", bucket.to_owned()),
            ("AWS_ALLOW_HTTP", "true".into()),
            ("AWS_METADATA_ENDPOINT", instance.to_owned()),
            // Not enough to be used: without a token file, the instance would be asked.
            (
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                format!("{instance}/x"),
            ),
            ("GOOGLE_BASE_URL", bucket.to_owned()),
            ("GOOGLE_ALLOW_HTTP", "true".into()),
            ("GCE_METADATA_HOST", instance.replace("http://", "")),
            ("AZURE_STORAGE_ENDPOINT", bucket.to_owned()),
            ("AZURE_STORAGE_ACCOUNT_NAME", "account".into()),
            ("AZURE_ALLOW_HTTP", "true".into()),
            ("IDENTITY_ENDPOINT", format!("{instance}/x")),
        ]
    };
    let test = "without_credentials_no_other_host_is_asked";
    with_ports(test, settings, |bucket, instance| {
        let others = serve(instance, |_| Vec::new());
        let asked = serve(bucket, |request| {
            assert_eq!(header(request, "authorization"), None);
            if request[0].contains("/box/open") {
                return http("200 OK", b"content");
            }
            http("403 Forbidden", b"<Code>AccessDenied</Code>")
        });
        for (place, word, setting) in [
            ("s3://box", "bucket box of s3", "AWS_ACCESS_KEY_ID"),
            (
                "gs://box",
                "bucket box of gs",
                "GOOGLE_APPLICATION_CREDENTIALS",
            ),
            (
                "az://box",
                "container box of az",
                "AZURE_STORAGE_ACCOUNT_KEY",
            ),
        ] {
            let store = Store::open(place).unwrap();
            assert_eq!(
                store.host().unwrap(),
                format!("{word} at 127.0.0.1:{bucket}")
            );
            assert_eq!(store.read("open").unwrap(), b"content");
            let error = store.read("closed").unwrap_err();
            assert!(
                error.to_string().contains("denies access (AccessDenied)"),
                "{error}"
            );
            let remedy = error.remedy();
            assert!(remedy.contains("No credentials were found"), "{remedy}");
            assert!(remedy.contains(setting), "{remedy}");
        }
        let counts = (
            asked.load(Ordering::Relaxed),
            others.load(Ordering::Relaxed),
        );
        assert_eq!(counts, (6, 0));
    });
}

#[test]
fn the_instance_is_asked_for_credentials_where_the_user_says_so() {
    let settings = |bucket: &str, instance: &str| {
        vec![
            ("AWS_ENDPOINT_URL", bucket.to_owned()),
            ("AWS_ALLOW_HTTP", "true".into()),
            ("AWS_METADATA_ENDPOINT", instance.to_owned()),
            ("NEARMISS_INSTANCE_CREDENTIALS", "1".into()),
        ]
    };
    let test = "the_instance_is_asked_for_credentials_where_the_user_says_so";
    with_ports(test, settings, |_, instance| {
        let others = serve(instance, |_| http("404 Not Found", b""));
        let error = Store::open("s3://box").unwrap().read("x").unwrap_err();
        assert!(others.load(Ordering::Relaxed) > 0, "{error}");
    });
}

#[test]
fn a_signed_address_is_not_repeated() {
    let settings = |bucket: &str, _: &str| {
        vec![
            ("AZURE_STORAGE_ENDPOINT", bucket.to_owned()),
            ("AZURE_STORAGE_ACCOUNT_NAME", "account".into()),
            (
                "AZURE_STORAGE_SAS_TOKEN",
                "sv=2026-01-01&sig=hunter2".into(),
            ),
            ("AZURE_ALLOW_HTTP", "true".into()),
        ]
    };
    with_ports("a_signed_address_is_not_repeated", settings, |bucket, _| {
        let asked = serve(bucket, |request| {
            assert!(request[0].contains("sig=hunter2"), "{}", request[0]);
            if request[0].contains("/box/busy") {
                return http("500 Oh no", b"https://host/?sig=hunter2");
            }
            http("403 Forbidden", b"<Code>AuthenticationFailed</Code>")
        });
        let store = Store::open("az://box/run").unwrap();
        for error in [store.read("x").unwrap_err(), store.list("").unwrap_err()] {
            let text = error.to_string();
            assert!(
                text.contains("denies access (AuthenticationFailed)"),
                "{text}"
            );
            assert!(error.remedy().contains("AZURE_STORAGE_SAS_TOKEN"));
            assert!(!all_of(&error).contains("hunter2"));
        }
        let error = Store::open("az://box").unwrap().read("busy").unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("answers 500 Internal Server Error"),
            "{error}"
        );
        assert!(!all_of(&error).contains("hunter2"));
        assert_eq!(asked.load(Ordering::Relaxed), 2 + 6);
    });
}

#[test]
fn settings_that_cannot_be_used_are_told_before_anything_is_asked() {
    let test = "settings_that_cannot_be_used_are_told_before_anything_is_asked";
    let environment = [
        ("AWS_ENDPOINT_URL", "http://user:hunter2@127.0.0.1:1/"),
        ("AWS_ACCESS_KEY_ID", KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("GOOGLE_SERVICE_ACCOUNT_KEY", "\"hunter2\""),
        ("AZURE_STORAGE_ACCOUNT_KEY", "hunter2"),
    ];
    let account = "AZURE_STORAGE_ACCOUNT_NAME";
    alone(module_path!(), test, &environment, || {
        for (place, what, remedy) in [
            ("s3://box", "without encryption", "AWS_ALLOW_HTTP=true"),
            ("gs://box", "cannot be used", "GOOGLE_*"),
            ("az://box", "AZURE_STORAGE_ACCOUNT_NAME is not set", account),
        ] {
            let error = Store::open(place).unwrap_err();
            assert!(matches!(error, Error::Request { .. }));
            assert!(error.to_string().contains(what), "{error}");
            assert!(error.remedy().contains(remedy), "{}", error.remedy());
            let all = all_of(&error);
            assert!(!all.contains("hunter2") && !all.contains(SECRET), "{all}");
        }
    });
}

#[test]
fn wrong_credentials_are_told_without_them() {
    const WRONG: &str = "wrong-secret-0123456789";
    with_server(
        module_path!(),
        "wrong_credentials_are_told_without_them",
        WRONG,
        |_server| {
            let store = Store::open("s3://box/run").unwrap();
            for error in [
                store.read("x").unwrap_err(),
                store.about("x").unwrap_err(),
                store.list("").unwrap_err(),
                store.write("x", b"x").unwrap_err(),
                store.delete("x").unwrap_err(),
            ] {
                let all = all_of(&error);
                assert!(
                    !all.contains(WRONG) && !all.contains(SECRET) && !all.contains(KEY),
                    "{all}"
                );
                assert!(error.to_string().contains("denies access"), "{error}");
                assert!(
                    error.remedy().contains("AWS_SECRET_ACCESS_KEY"),
                    "{}",
                    error.remedy()
                );
            }
            assert!(!format!("{store:?}").contains(WRONG));
        },
    );
}
