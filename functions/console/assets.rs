//! Stylesheet, script, fonts and the icon: part of the program, served under names with
//! a hash of their content, so that browsers keep them for a year.

use std::sync::LazyLock;

use axum::body::Body;
use axum::response::Response;
use http::{StatusCode, header};
use lazo_domain::digest::sha256_hex;

use super::reply::{put, response};

/// How many hex digits of the hash stand in a name, by bytes.
const HASH_BYTES: usize = 6;

/// One file.
struct Asset {
    /// Its path with the hash.
    path: String,
    kind: &'static str,
    bytes: Vec<u8>,
}

/// All of them.
struct Assets {
    css: Asset,
    js: Asset,
    icon: Asset,
    sans: Asset,
    serif: Asset,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    const FONT: &str = "font/woff2";
    let sans = asset("asap", "woff2", FONT, include_bytes!("assets/fonts/asap.woff2").into());
    let serif =
        asset("faustina", "woff2", FONT, include_bytes!("assets/fonts/faustina.woff2").into());
    let css = include_str!("assets/lazo.css")
        .replace("/assets/asap.woff2", &sans.path)
        .replace("/assets/faustina.woff2", &serif.path);
    Assets {
        css: asset("lazo", "css", "text/css; charset=utf-8", css.into_bytes()),
        js: asset(
            "lazo",
            "js",
            "text/javascript; charset=utf-8",
            include_bytes!("assets/lazo.js").into(),
        ),
        icon: asset("lazo", "svg", "image/svg+xml", include_bytes!("assets/lazo.svg").into()),
        sans,
        serif,
    }
});

fn asset(name: &str, ending: &str, kind: &'static str, bytes: Vec<u8>) -> Asset {
    let hash = sha256_hex(&bytes, HASH_BYTES);
    Asset { path: format!("/assets/{name}.{hash}.{ending}"), kind, bytes }
}

/// The stylesheet's path.
pub fn css() -> &'static str {
    &ASSETS.css.path
}

/// The script's path.
pub fn js() -> &'static str {
    &ASSETS.js.path
}

/// The icon's path.
pub fn icon() -> &'static str {
    &ASSETS.icon.path
}

/// The fonts' paths, to be loaded ahead.
pub fn fonts() -> [&'static str; 2] {
    [&ASSETS.sans.path, &ASSETS.serif.path]
}

/// The file of a path; nothing under a name of another content.
pub fn serve(path: &str) -> Option<Response> {
    let Assets { css, js, icon, sans, serif } = &*ASSETS;
    let asset = [css, js, icon, sans, serif].into_iter().find(|asset| asset.path == path)?;
    let mut response = response(StatusCode::OK, asset.kind, Body::from(asset.bytes.clone()));
    put(&mut response, header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    Some(response)
}
