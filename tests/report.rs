//! The report: a page that stands alone, is well formed, takes no text for markup and says what `eval` says.

use crate::compare::command::json;
use nearmiss::report::{Bar, Block, Chart, Item, Page, Pair, Section, Shown, Thumbnail, Tone};
use std::path::Path;

/// Elements that have no end.
const VOID: [&str; 6] = ["meta", "img", "br", "hr", "link", "input"];

/// Walks through all tags; panics where one is not closed by its own end, or a `<` is none of a tag.
fn elements(page: &str) -> Vec<(String, String)> {
    let mut open: Vec<String> = Vec::new();
    let mut all = Vec::new();
    let mut rest = page.strip_prefix("<!DOCTYPE html>").unwrap();
    while let Some(start) = rest.find('<') {
        // What stands in a style is not markup.
        if open.last().is_some_and(|name| name == "style") {
            rest = &rest[rest.find("</style").unwrap()..];
        } else {
            rest = &rest[start..];
        }
        let end = rest.find('>').unwrap();
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        let single = tag.ends_with('/');
        let (closes, tag) = tag.strip_prefix('/').map_or((false, tag), |t| (true, t));
        let name: String = tag
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        assert!(!name.is_empty(), "a < that begins no tag: {tag}");
        if closes {
            assert_eq!(open.pop().as_ref(), Some(&name), "</{name}>");
        } else {
            all.push((name.clone(), tag.to_owned()));
            if !single && !VOID.contains(&name.as_str()) {
                open.push(name);
            }
        }
    }
    assert_eq!(open, Vec::<String>::new());
    all
}

/// The names of a tag's attributes: what stands before an equals sign, outside of quotes.
fn attributes(tag: &str) -> Vec<&str> {
    let outside = tag.split('"').step_by(2);
    let names = outside.filter_map(|part| part.strip_suffix('='));
    names
        .filter_map(|part| part.split_whitespace().last())
        .collect()
}

/// Nothing is fetched: every source is inside, there are no scripts and no handlers.
fn stands_alone(page: &str) {
    for (name, tag) in elements(page) {
        assert!(
            !["script", "link", "iframe", "object", "embed", "a", "form"].contains(&name.as_str()),
            "<{tag}>"
        );
        let lower = tag.to_lowercase();
        if let Some(at) = lower.find("src=") {
            assert!(
                lower[at..].starts_with("src=\"data:image/jpeg;base64,"),
                "<{name}>"
            );
        }
        let names = attributes(&lower);
        let fetches = |n: &&&str| n.starts_with("on") || n.ends_with("href") || **n == "style";
        assert_eq!(names.iter().find(fetches), None, "<{name}>");
    }
    let style = page
        .split("<style>")
        .nth(1)
        .unwrap()
        .split("</style>")
        .next()
        .unwrap();
    assert!(!style.contains("url(") && !style.contains("@import"));
    assert!(style.contains("prefers-color-scheme: dark") && style.contains("@media print"));
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

const HOSTILE: [&str; 5] = [
    "<script>alert('x')</script> a dog",
    "</title></style><img src=x onerror=alert(1)>",
    "\" onload=\"alert(1)",
    "see http://example.invalid/a.png & more",
    "a \u{0}control\u{1b} character, ünïcode and 日本",
];

fn hostile_page() -> Page {
    let item = |n: usize| Item {
        picture: Some(Shown::Missing),
        text: HOSTILE[n % HOSTILE.len()].into(),
        says: HOSTILE[(n + 3) % HOSTILE.len()].into(),
        belongs: Some(Shown::Missing),
        score: Some(-0.25),
    };
    let pair = |n: usize| Pair {
        query: item(n),
        right: item(n + 1),
        negative: item(n + 2),
        rank: 12_345,
        margin: -0.125,
        tags: vec![HOSTILE[n % HOSTILE.len()].into()],
    };
    let chart = Chart {
        title: HOSTILE[0].into(),
        bars: HOSTILE
            .iter()
            .map(|text| Bar {
                label: (*text).into(),
                value: 3.0,
                hint: (*text).into(),
                tone: Tone::Bad,
            })
            .collect(),
    };
    let texts = HOSTILE.map(str::to_owned).to_vec();
    Page {
        title: HOSTILE[1].into(),
        facts: HOSTILE.iter().map(|t| ((*t).into(), (*t).into())).collect(),
        sections: vec![
            Section::default(),
            Section {
                title: HOSTILE[2].into(),
                note: HOSTILE[3].into(),
                blocks: vec![
                    Block::Text(HOSTILE[4].into()),
                    Block::Table {
                        columns: texts.clone(),
                        rows: vec![texts; 2],
                    },
                    Block::Charts(vec![chart, Chart::default()]),
                    Block::Pairs((0..5).map(pair).collect()),
                ],
            },
        ],
    }
}

#[test]
fn hostile_text_stays_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    let bytes = hostile_page().save(&path).unwrap();
    let page = read(&path);
    assert_eq!(bytes, page.len() as u64);
    stands_alone(&page);
    assert!(!page.contains("<script") && !page.contains("<img"));
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; a dog"));
    assert!(!page.contains(['\u{0}', '\u{1b}']));
    assert!(page.contains("ünïcode and 日本"));
    assert!(page.contains("rank 12,345") && page.contains("margin −0.125"));
}

#[test]
fn a_failed_write_leaves_the_old_page() {
    let folder = tempfile::tempdir().unwrap();
    let blocked = folder.path().join("a-folder");
    std::fs::create_dir_all(blocked.join("inside")).unwrap();
    assert!(Page::default().save(&blocked).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn thumbnails_are_small_and_keep_their_shape() {
    let picture = nearmiss::dataset::Picture {
        width: 800,
        height: 400,
        rgb: vec![90; 800 * 400 * 3],
    };
    let small = Thumbnail::from_picture(&picture).unwrap();
    assert_eq!((small.width, small.height), (160, 80));
    let back = image::load_from_memory(&small.jpeg).unwrap().to_rgb8();
    assert_eq!(back.dimensions(), (160, 80));
    assert!(
        back.pixels()
            .all(|p| p.0.iter().all(|v| v.abs_diff(90) <= 2))
    );
}

/// The demo's report with its pictures, checked against `eval`.
#[test]
fn the_page_says_what_eval_says_and_shows_the_hardest_pairs() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new").join("report.html");
    let path = out.to_str().unwrap();
    let found = json(&[
        "report",
        "--dataset",
        "demo",
        "--encoder",
        "demo",
        "--out",
        path,
        "--k",
        "9",
        "--title",
        "A <b>title</b>",
        "--json",
    ]);
    let page = read(&out);
    assert_eq!(found["bytes"].as_u64(), Some(page.len() as u64));
    assert_eq!(
        (found["pairs"].as_u64(), found["out"].as_str()),
        (Some(18), Some(path))
    );
    stands_alone(&page);
    assert!(page.contains("<h1>A &lt;b&gt;title&lt;/b&gt;</h1>"));

    let eval = json(&["eval", "--dataset", "demo", "--encoder", "demo", "--json"]);
    for (way, name) in [("i2t", "Image to text"), ("t2i", "Text to image")] {
        let m = |key: &str| eval[way][key].as_f64().unwrap();
        let row = format!(
            "<tr><td>{name}</td><td>{:.2}</td><td>{:.2}</td><td>{:.2}</td><td>{:.1}</td><td>{:.2}</td></tr>",
            m("r1"),
            m("r5"),
            m("r10"),
            m("medr"),
            m("meanr")
        );
        assert!(page.contains(&row), "{row}");
    }
    let loss = format!("max of hinges {:.4}", eval["loss_mh"].as_f64().unwrap());
    assert!(page.contains(&loss), "{loss}");

    // 9 images, each with the picture of its wrong caption; 9 captions with two pictures each.
    let pictures: Vec<&str> = page
        .split("base64,")
        .skip(1)
        .map(|p| p.split('"').next().unwrap())
        .collect();
    assert_eq!(pictures.len(), 36);
    for picture in pictures {
        let jpeg = base64::decode(picture).unwrap();
        let picture = image::load_from_memory(&jpeg).unwrap();
        assert!(picture.width().max(picture.height()) <= 160);
    }
    // The hardest first, as `rank` scores them.
    let margins: Vec<f64> = page
        .split("<span>margin ")
        .skip(1)
        .map(|m| {
            m.split('<')
                .next()
                .unwrap()
                .replace('−', "-")
                .parse()
                .unwrap()
        })
        .collect();
    assert!(margins[..9].is_sorted() && margins[9..].is_sorted());
    let name = page.split("class=\"query\"").nth(1).unwrap();
    let name = name
        .split("alt=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let ranked = json(&[
        "rank",
        "--dataset",
        "demo",
        "--encoder",
        "demo",
        "--image",
        name,
        "--json",
    ]);
    assert!((ranked["margin"].as_f64().unwrap() - margins[0]).abs() < 6e-4);
}

#[test]
fn pictures_that_are_gone_are_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let mut png = std::io::Cursor::new(Vec::new());
    let blank = image::RgbImage::from_pixel(40, 30, image::Rgb([200, 10, 10]));
    blank.write_to(&mut png, image::ImageFormat::Png).unwrap();
    write("a.png", png.get_ref());
    write("b.png", b"not a picture");
    write(
        "captions.csv",
        b"image,caption\na.png,<i>one</i>\nb.png,two\n",
    );
    let rows = |name: &str, values: &[f32]| {
        let path = folder.path().join(name);
        nearmiss::dataset::npy::write_array(&path, values, &[2, 2]).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let images = rows("i.npy", &[1.0, 0.0, 0.0, 1.0]);
    let texts = rows("t.npy", &[0.6, 0.8, 0.8, 0.6]);
    let out = folder.path().join("r.html");
    json(&[
        "report",
        "--dataset",
        folder.path().to_str().unwrap(),
        "--image-embeds",
        &images,
        "--text-embeds",
        &texts,
        "--out",
        out.to_str().unwrap(),
        "--json",
    ]);
    let page = read(&out);
    stands_alone(&page);
    assert!(page.contains("no picture") && page.contains("&lt;i&gt;one&lt;/i&gt;"));
    assert!(page.contains("data:image/jpeg;base64,"));
}
