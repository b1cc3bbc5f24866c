//! How the pictures of the lab are looked at.

use super::*;

/// Colours inside the first thing of that name.
fn colours(window: &mut Window, name: &str) -> Vec<[u8; 3]> {
    let rect = window
        .get_all_by_label(name)
        .next()
        .expect("there")
        .rect()
        .shrink(4.0);
    let picture = window.render().expect("rendered");
    let mut out = Vec::new();
    for y in rect.top() as u32..rect.bottom() as u32 {
        for x in rect.left() as u32..rect.right() as u32 {
            let p = picture.get_pixel(x, y);
            out.push([p[0], p[1], p[2]]);
        }
    }
    out
}

#[test]
fn the_pictures_are_compared_in_every_way() {
    let mut window = lab();
    press_attack(&mut window);
    settle(&mut window);
    for name in ["original picture", "adversarial picture", "heatmap"] {
        assert!(window.query_by_label(name).is_some(), "{name}");
    }
    // Signed: blue and red, and white between.
    let seen = colours(&mut window, "heatmap");
    let count = |of: &dyn Fn(&[u8; 3]) -> bool| seen.iter().filter(|c| of(c)).count();
    let (red, blue) = (
        count(&|c| c[0] > 150 && c[2] < 110),
        count(&|c| c[2] > 150 && c[0] < 110),
    );
    assert!(red > 200 && blue > 200, "{red} red, {blue} blue");
    for (name, compare) in [
        ("Slider", Compare::Slider),
        ("Blink", Compare::Blink),
        ("Difference ×8", Compare::Difference),
    ] {
        click_now(&mut window, name);
        assert_eq!(lab_of(&window).looks.compare, compare);
    }
    assert!(window.query_by_label("amplified difference").is_some());
    let grey = colours(&mut window, "amplified difference");
    let mean: f64 = grey.iter().map(|c| f64::from(c[0])).sum::<f64>() / grey.len() as f64;
    assert!((40.0..215.0).contains(&mean), "around grey: {mean}");
    click(&mut window, "Side by side");
    click(&mut window, "Channels");
    for name in ["red", "green", "blue", "mean"] {
        assert!(
            window.query_by_label(&format!("heatmap, {name}")).is_some(),
            "{name}"
        );
    }
    for (name, heat) in [
        ("Magnitude", Heat::Magnitude),
        ("Spectrum", Heat::Spectrum),
        ("Saliency", Heat::Saliency),
    ] {
        click(&mut window, name);
        assert_eq!(lab_of(&window).looks.heat, heat);
        let mut seen = colours(&mut window, "heatmap");
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() > 50, "{name}: {} colours", seen.len());
    }
    for kind in ["SmoothGrad", "Integrated gradients"] {
        choose(&mut window, "Kind of saliency map", kind);
        assert_eq!(lab_of(&window).looks.saliency.title(), kind);
    }
    assert_eq!(errors(&window), Vec::<String>::new());
}

#[test]
fn pictures_zoom_together_about_the_pointer() {
    let mut window = lab();
    let rect = window.get_by_label("original picture").rect();
    window.hover_at(rect.center());
    window.step();
    window.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 400.0),
        source: egui::MouseWheelSource::Wheel,
        phase: egui::TouchPhase::Move,
        modifiers: egui::Modifiers::NONE,
    });
    for _ in 0..40 {
        window.step();
    }
    fn stated(n: &egui_kittest::kittest::AccessKitNode<'_>) -> bool {
        n.label().is_some_and(|l| l.ends_with(" %"))
    }
    window
        .query_by(stated)
        .expect("the magnification is stated")
        .click();
    settle(&mut window);
    assert!(window.query_by(stated).is_none(), "all of it is seen again");
}

#[test]
fn a_mask_is_painted_and_holds() {
    let mut window = lab();
    click(&mut window, "Paint");
    let brush = window
        .get_by_label("brush over the original picture")
        .rect();
    let from = brush.center() - brush.size() * 0.2;
    window.drag_at(from);
    window.step();
    window.hover_at(brush.center());
    window.step();
    window.drop_at(brush.center());
    settle(&mut window);
    let mask = lab_of(&window)
        .settings
        .threat
        .mask
        .clone()
        .expect("painted");
    let share = mask.free.iter().filter(|f| **f).count() as f64 / mask.free.len() as f64;
    assert!((0.01..0.2).contains(&share), "{share}");
    assert!(mask.free[(mask.height / 2 * mask.width + mask.width / 2) as usize]);
    assert!(!mask.free[0]);
    press_attack(&mut window);
    settle(&mut window);
    assert_eq!(errors(&window), Vec::<String>::new());
    let result = last_result(&window);
    let clean = lab_of(&window)
        .clean
        .get(now(&window))
        .expect("read")
        .pixels
        .clone();
    let (width, plane) = (result.grid.width, result.grid.plane());
    let mut changed = 0;
    for at in 0..plane {
        let (x, y) = (at % width, at / width);
        let row = y * mask.height as usize / result.grid.height;
        let free = mask.free[row * mask.width as usize + x * mask.width as usize / width];
        let moved = (0..result.grid.channels)
            .any(|c| result.adversarial[c * plane + at] != clean[c * plane + at]);
        assert!(free || !moved, "pixel {x}, {y} is kept");
        changed += usize::from(moved);
    }
    assert!(changed > 0);
    click(&mut window, "Invert");
    let inverted = lab_of(&window)
        .settings
        .threat
        .mask
        .clone()
        .expect("inverted");
    assert!(
        inverted.free[0]
            && inverted
                .free
                .iter()
                .zip(mask.free.iter())
                .all(|(a, b)| a != b)
    );
    click(&mut window, "Remove");
    assert!(lab_of(&window).settings.threat.mask.is_none());
}
