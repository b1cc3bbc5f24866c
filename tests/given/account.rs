//! The account of given embeddings and of one side alone: used and left out are what was found.

use super::{BOTH, Folder, demo, fivefold, long_and_short};
use serde_json::{Value, json};

/// Found, used, and what is left out by reason; they add up.
fn side(account: &Value, side: &str) -> (u64, u64, Vec<(String, u64)>) {
    let count = |value: &Value| value.as_u64().unwrap();
    let left = account[side]["left_out"].as_array().unwrap().iter();
    let left: Vec<(String, u64)> = left
        .map(|l| (l["reason"].as_str().unwrap().to_owned(), count(&l["count"])))
        .collect();
    let (found, used) = (
        count(&account[side]["found"]),
        count(&account[side]["used"]),
    );
    let lost = left.iter().map(|(_, count)| count).sum::<u64>();
    assert_eq!(used + lost, found, "{account:#}");
    (found, used, left)
}

fn lost(reason: &str, count: u64) -> Vec<(String, u64)> {
    vec![(reason.to_owned(), count)]
}

fn notes(account: &Value) -> Vec<&str> {
    let notes = account["notes"].as_array().unwrap().iter();
    notes.map(|note| note["reason"].as_str().unwrap()).collect()
}

#[test]
fn the_account_has_what_was_done_to_given_rows() {
    let folder = fivefold();
    let (report, _) = folder.json(&format!("eval|{BOTH}"));
    let data = &report["data"];
    assert_eq!(side(data, "images"), (4, 4, vec![]));
    assert_eq!(side(data, "captions"), (20, 20, vec![]));
    assert_eq!(data["measure"], "cosine");
    assert_eq!(data["notes"][0]["reason"], "duplicate");
    assert_eq!(data["notes"][0]["count"], 20);

    let folder = long_and_short();
    folder.write("images.npy", &[&[1.0, 0.0], &[0.0, 0.0]]);
    let rows = "image,caption\na.png,one\nb.png,another\n";
    std::fs::write(folder.path("captions.csv"), rows).unwrap();
    for (dataset, name) in [("", "1"), ("|--dataset|captions.csv", "b.png")] {
        let (report, _) = folder.json(&format!("eval|{BOTH}{dataset}"));
        let data = &report["data"];
        assert_eq!(side(data, "images"), (2, 1, lost("zero_row", 1)));
        assert_eq!(side(data, "captions"), (2, 1, lost("zero_row", 1)));
        assert_eq!(data["images"]["left_out"][0]["names"], json!([name]));
        assert!(notes(data).contains(&"unit_norm"), "{data:#}");
        let (fine, text, said) = folder.run(&format!("eval|{BOTH}{dataset}"));
        assert!(
            fine && text.starts_with("1 of 2 images, 1 of 2 captions, by cosine\n"),
            "{text}{said}"
        );
        let (report, _) = folder.json(&format!("eval|{BOTH}{dataset}|--similarity|dot"));
        assert_eq!(side(&report["data"], "images"), (2, 2, vec![]));
        assert_eq!(report["data"]["measure"], "dot product");
        assert!(notes(&report["data"]).contains(&"zero_row"));
    }
    let said = folder.refused(&format!("eval|{BOTH}|--split|test"));
    assert!(said.contains("no splits"), "{said}");
}

#[test]
fn each_set_of_two_has_an_account() {
    let folder = long_and_short();
    folder.write("more.npy", &[&[1.0, 0.0], &[0.0, 1.0]]);
    let second = "--other-image-embeds|more.npy|--other-text-embeds|more.npy";
    let (report, _) = folder.json(&format!("compare|{BOTH}|{second}"));
    assert_eq!(report["data"]["file"], "images.npy, texts.npy");
    assert_eq!(notes(&report["data"]), ["unit_norm", "unit_norm"]);
    // Its rows have unit norm as they are.
    assert_eq!(report["data_b"]["file"], "more.npy, more.npy");
    assert_eq!(report["data_b"]["notes"], json!([]));
    assert_eq!(side(&report["data_b"], "captions"), (2, 2, vec![]));
}

#[test]
fn one_side_alone_has_an_account() {
    let folder = long_and_short();
    let (answer, _) = folder.json("rank|--image-embeds|images.npy|--image|0");
    let data = &answer["data"];
    assert_eq!(side(data, "images"), (2, 2, vec![]));
    assert_eq!(side(data, "captions"), (0, 0, vec![]));
    assert_eq!(
        (&data["file"], &data["measure"]),
        (&json!("images.npy"), &json!("cosine"))
    );
    assert_eq!(notes(data), ["unit_norm"]);
    let rows = "image,caption\na.png,one\nb.png,two\nb.png,three\n";
    std::fs::write(folder.path("captions.csv"), rows).unwrap();
    let line = "rank|--image-embeds|images.npy|--dataset|captions.csv|--image|b.png";
    let (answer, _) = folder.json(line);
    assert_eq!(side(&answer["data"], "images"), (2, 2, vec![]));
    assert_eq!(
        side(&answer["data"], "captions"),
        (3, 0, lost("not_used", 3))
    );
}

#[test]
fn pictures_alone_have_an_account() {
    let folder = Folder::new();
    for (split, numbers) in [("train", 0..3), ("test", 3..5)] {
        std::fs::create_dir_all(folder.path("set").join(split)).unwrap();
        for i in numbers {
            let name = format!("{i:03}.png");
            let to = folder.path("set").join(split).join(&name);
            std::fs::copy(demo("scenes").join(&name), to).unwrap();
        }
    }
    for name in ["test/x.heic", "README", "test/broken.png"] {
        std::fs::write(folder.path("set").join(name), "nothing").unwrap();
    }
    let lost = [
        lost("not_decoded", 1),
        lost("other_split", 3),
        lost("unknown_ending", 1),
    ]
    .concat();
    for line in [
        "embed|--out|.|--dataset|set|--encoder|demo",
        "rank|--dataset|set|--encoder|demo|--image|003.png",
    ] {
        let (answer, _) = folder.json(line);
        let data = &answer["data"];
        let (found, used, mut left) = side(data, "images");
        left.sort();
        assert_eq!((found, used, &left), (7, 2, &lost), "{line}");
        assert_eq!(data["split"]["name"], "test");
        assert!(
            data["notes"][0]["names"]
                .as_array()
                .unwrap()
                .contains(&json!("README"))
        );
    }
    let (answer, _) =
        folder.json("rank|--dataset|set|--encoder|demo|--image|001.png|--split|train");
    assert_eq!(side(&answer["data"], "images").1, 3);
    // What may have been meant as captions is told.
    std::fs::write(folder.path("set/about.json"), "{\"images\": [").unwrap();
    let said = folder.refused("eval|--dataset|set|--encoder|demo");
    assert!(
        said.contains("about.json") && said.contains("3 images without captions"),
        "{said}"
    );
    // A caption file that cannot be read is what is told, not that there is none.
    std::fs::write(folder.path("set/captions.csv"), "a,b\n1,2\n").unwrap();
    for command in ["eval", "rank|--image|0", "embed|--out|."] {
        let said = folder.refused(&format!("{command}|--dataset|set|--encoder|demo"));
        assert!(
            said.contains("captions.csv") && !said.contains("without captions"),
            "{said}"
        );
    }
}
