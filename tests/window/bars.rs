//! Toolbars at three sizes: nothing overlaps, nothing lies outside the panel.

use super::*;
use nearmiss::desktop::attack::{Attack, Command as AttackCommand, Compare};

/// The buttons of each view's bar.
const BARS: [(&str, &[&str]); 6] = [
    (
        "Attack",
        &[
            "Side by side",
            "Slider",
            "Blink",
            "Difference ×8",
            "Signed",
            "Magnitude",
            "Channels",
            "Spectrum",
            "Saliency",
            "Previous",
            "Next",
            "Browser",
        ],
    ),
    (
        "Negatives",
        &[
            "I→T",
            "T→I",
            "margin below 0",
            "margin below 0.20",
            "all",
            "hide “may fit: check”",
            "Filters…",
            "Export…",
        ],
    ),
    (
        "Structure",
        &["Matrix", "Margins", "Hubs", "Concepts", "Slices"],
    ),
    (
        "Learning",
        &[
            "Recall",
            "Loss",
            "R@1",
            "R@5",
            "R@10",
            "Steps",
            "Seconds",
            "Data used",
            "Export…",
            "Tour",
        ],
    ),
    (
        "Strata",
        &["Redundancy", "Pull", "Size", "Group", "Export", "Tour"],
    ),
    ("Map", &["PCA", "t-SNE", "UMAP"]),
];

/// The places of the buttons with these names in the centre: of several the highest.
fn places(window: &Window, names: &[&str]) -> Vec<(String, egui::Rect)> {
    names
        .iter()
        .map(|name| {
            let all = window.query_all_by_label(name).map(|n| n.rect());
            let centre = all.filter(|r| r.left() > 92.0 && r.top() > 40.0);
            let highest = centre.min_by(|a, b| a.top().total_cmp(&b.top()));
            (
                (*name).to_owned(),
                highest.unwrap_or_else(|| panic!("{name} is there")),
            )
        })
        .collect()
}

fn fit(window: &Window, names: &[&str], right: f32, of: &str) {
    let places = places(window, names);
    for (at, (name, rect)) in places.iter().enumerate() {
        assert!(
            rect.left() >= 92.0 && rect.right() <= right + 1.0,
            "{of}: {name} {rect:?} within {right}"
        );
        for (other, place) in &places[..at] {
            let shared = rect.intersect(*place);
            let overlaps = shared.width() > 0.5 && shared.height() > 0.5;
            assert!(!overlaps, "{of}: {name} {rect:?} over {other} {place:?}");
        }
    }
}

#[test]
fn no_bar_overlaps_or_leaves_its_panel() {
    for size in [[1280.0, 720.0], [1440.0, 900.0], [2560.0, 1440.0]] {
        let mut window = boot(Start::default(), size);
        for (view, names) in BARS {
            click(&mut window, view);
            fit(&window, names, size[0], &format!("{view} at {size:?}"));
        }
        click(&mut window, "Attack");
        // The inspector's buttons begin where the centre ends.
        let inspector = |window: &Window| {
            let pages = window.query_all_by_label("Whole set…").map(|n| n.rect());
            let words = window.query_all_by_label("Picture").map(|n| n.rect());
            pages
                .chain(words)
                .map(|r| r.left())
                .fold(f32::INFINITY, f32::min)
        };
        let names = BARS[0].1;
        for browser in [false, true] {
            if browser {
                click(&mut window, "Browser");
            }
            let edge = inspector(&window);
            let mut seen = Vec::new();
            for compare in [
                Compare::SideBySide,
                Compare::Slider,
                Compare::Blink,
                Compare::Difference,
            ] {
                let looks = nearmiss::desktop::attack::Looks {
                    compare,
                    ..lab_of(&window).looks
                };
                perform_of::<Attack>(&mut window, AttackCommand::SetLooks(looks));
                settle(&mut window);
                fit(
                    &window,
                    names,
                    edge,
                    &format!("lab at {size:?}, browser {browser}, {compare:?}"),
                );
                seen.push(places(&window, names));
            }
            assert!(
                seen.windows(2).all(|w| w[0] == w[1]),
                "no mode moves a button at {size:?}"
            );
        }
    }
}
