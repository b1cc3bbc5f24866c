// Points of a map: one instance each, a disc of a size in pixels.

struct Camera {
    // The place in the middle of what is seen, in two parts of float32 whose sum has 48 bits: the high parts, the low.
    middle: vec4<f32>,
    // Half the area seen, in pixels, and pixels per unit of the plane.
    half_size: vec2<f32>,
    scale: f32,
    // Radius of a point of size 1, in pixels.
    radius: f32,
    // Opacity of all.
    opacity: f32,
    // Whether what is not chosen is pale.
    pale: f32,
    // Colour of the ring around what is chosen.
    ring: u32,
    // Sides of a square (1) or a disc (0).
    square: f32,
}

struct Out {
    @builtin(position) place: vec4<f32>,
    @location(0) colour: vec4<f32>,
    // From -1 to 1 across the point and its ring.
    @location(1) across: vec2<f32>,
    // Radius with the ring, and of the ring's inner edge, in pixels.
    @location(2) @interpolate(flat) radii: vec2<f32>,
}

@group(0) @binding(0) var<uniform> camera: Camera;

@vertex
fn vertex(
    @builtin(vertex_index) corner: u32,
    @location(0) place: vec4<f32>,
    @location(1) style: vec2<u32>,
) -> Out {
    // High parts first: near the middle they cancel exactly, and what is left are the digits that count.
    let from_middle = (place.xy - camera.middle.xy) + (place.zw - camera.middle.zw);
    let pixels = from_middle * camera.scale;
    let chosen = (style.y & 1u) != 0u;
    let size = f32(style.y >> 8u) / 64.0;
    let inner = max(camera.radius * size, 0.5);
    let outer = inner + select(0.5, 2.0, chosen);
    let across = vec2<f32>(f32(corner & 1u), f32(corner >> 1u)) * 2.0 - 1.0;
    let at = (pixels + across * outer) / camera.half_size;
    var colour = unpack4x8unorm(style.x);
    let fade = select(1.0, 0.25, camera.pale > 0.5 && !chosen);
    colour.a *= camera.opacity * fade;
    var out: Out;
    out.place = vec4<f32>(at, 0.0, 1.0);
    out.colour = colour;
    out.across = across;
    out.radii = vec2<f32>(outer, select(outer, inner, chosen));
    return out;
}

@fragment
fn fragment(in: Out) -> @location(0) vec4<f32> {
    let away = abs(in.across) * in.radii.x;
    let gap = select(length(away), max(away.x, away.y), camera.square > 0.5);
    let cover = clamp(in.radii.x - gap, 0.0, 1.0);
    let ring = clamp(gap - in.radii.y + 0.5, 0.0, 1.0) * select(0.0, 1.0, in.radii.y < in.radii.x);
    let ring_colour = unpack4x8unorm(camera.ring);
    let colour = mix(in.colour, ring_colour, ring);
    // Premultiplied, as the window's other pictures are.
    let alpha = colour.a * cover;
    return vec4<f32>(colour.rgb * alpha, alpha);
}
