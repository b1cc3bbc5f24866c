//! The account as commands print it, and that of benchmarks.

use super::*;

/// What a command prints as JSON; with `--json` or not, it names the account.
fn printed(arguments: &[&str]) -> (serde_json::Value, String, String) {
    let scratch = tempfile::tempdir().unwrap();
    let run = |json: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_nearmiss"))
            .args(arguments)
            .args(json)
            .env("NEARMISS_DATA", scratch.path().join("data"))
            .env("NEARMISS_CACHE", scratch.path().join("cache"))
            .output()
            .unwrap()
    };
    let (json, text) = (run(&["--json"]), run(&[]));
    let said = String::from_utf8_lossy(&json.stderr).into_owned();
    assert!(json.status.success() && text.status.success(), "{said}");
    let value = serde_json::from_slice(&json.stdout).unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    (value, text, said)
}

#[test]
fn commands_print_the_account_as_text_and_as_json() {
    let folder = column("split");
    // Of the test split one picture cannot be decoded, and one has a second caption.
    folder.write("images/p5.png", b"not a picture");
    folder.write("images/q.png", png());
    let table = std::fs::read_to_string(folder.path("captions.csv")).unwrap();
    folder.write(
        "captions.csv",
        table + "p3.png,another,test\np5.png,another,test\n",
    );
    let path = folder.0.path().display().to_string();
    let out = folder.path("out");
    let page = folder.path("page.html");
    let demo = ["--encoder", "demo", "--no-cache"];
    let data = ["--dataset", &path];
    let out = out.to_str().unwrap();
    let page = page.to_str().unwrap();
    for command in [
        [&["eval"][..], &data, &demo].concat(),
        [&["rank", "--image", "p3.png"][..], &data, &demo].concat(),
        [&["report", "--out", page][..], &data, &demo].concat(),
        [&["embed", "--out", out][..], &data, &demo].concat(),
        [&["compare", "--other", "demo"][..], &data, &demo].concat(),
        [&["bench", "embed", "--repeat", "1"][..], &data, &demo].concat(),
    ] {
        let (json, text, said) = printed(&command);
        let account = &json["data"];
        assert_eq!(account["split"]["name"], "test", "{command:?}");
        let measured = ["eval", "rank", "report", "compare"].contains(&command[0]);
        assert_eq!(account["measure"] == "cosine", measured, "{command:?}");
        assert_eq!(text.contains("captions, by cosine\n"), measured);
        assert_eq!(account["images"]["found"], 13);
        assert_eq!(account["images"]["used"], 2);
        assert_eq!(account["captions"]["found"], 14);
        assert_eq!(account["captions"]["used"], 3);
        let reasons = |side: &str| -> Vec<(String, u64)> {
            let left = account[side]["left_out"].as_array().unwrap().iter();
            left.map(|l| {
                (
                    l["reason"].as_str().unwrap().to_owned(),
                    l["count"].as_u64().unwrap(),
                )
            })
            .collect()
        };
        let named = |list: &[(&str, u64)]| -> Vec<(String, u64)> {
            list.iter().map(|(r, c)| ((*r).to_owned(), *c)).collect()
        };
        assert_eq!(
            reasons("images"),
            named(&[("other_split", 9), ("no_row", 1), ("not_decoded", 1)])
        );
        assert_eq!(
            reasons("captions"),
            named(&[("other_split", 9), ("not_decoded", 2)])
        );
        says(
            &text,
            &[
                "2 of 13 images (split test, by the column split of captions.csv), 3 of 14 captions",
                "\nleft out: 9 images of other splits (restval 2, train 5, val 2)\n",
                "q.png",
                "p5.png",
            ],
        );
        if command[0] != "bench" {
            says(&said, &["skipped", "p5.png", "not a picture", "q.png"]);
        }
    }
    let page = std::fs::read_to_string(page).unwrap();
    says(&page, &["2 of 13 images (split test"]);
    let order = std::fs::read(folder.path("out/order.json")).unwrap();
    let order: serde_json::Value = serde_json::from_slice(&order).unwrap();
    assert_eq!(order["data"]["images"]["used"], 2);
    assert!(order["skipped"].is_array());
    let copy = folder.path("copy.jsonl");
    let (json, ..) = printed(&["convert", &path, copy.to_str().unwrap()]);
    // Nothing is decoded here.
    assert_eq!(json["data"]["images"]["used"], 3);
    assert_eq!(json["images"], 3);
}

#[test]
fn benchmarks_count_trials_whose_pictures_are_missing() {
    let folder = Folder::with(&["images/i0.png", "images/i1.png", "images/i2.png"]);
    let trial = |a: &str, b: &str| {
        format!(
            "{{\"image_0\": \"{a}\", \"image_1\": \"{b}\", \"caption_0\": \"red on {a}\", \"caption_1\": \"on red {b}\"}}\n"
        )
    };
    folder.write(
        "examples.jsonl",
        trial("i0", "i1") + &trial("i2", "i9") + "{\"image_0\": \"i0\"}\n",
    );
    let trials = nearmiss::dataset::trials::open(folder.0.path(), &Task::detached());
    let trials = trials.unwrap().unwrap();
    balanced(&trials.dataset);
    assert_eq!(trials.dataset.images.len(), 2);
    assert_eq!(
        left(&trials.dataset),
        [(Reason::NoPicture, 2, 2), (Reason::Malformed, 0, 2)]
    );
    assert_eq!(noted(&trials.dataset, Reason::NoPicture), ["all (1)"]);
}
