//! Surfaces: materials and their textures, as the metallic-roughness model has them.

use std::collections::{BTreeMap, HashMap};

use gltf::json;
use gltf::json::material::AlphaMode as Mode;
use gltf::json::texture::{MagFilter, WrappingMode};
use gltf::json::validation::Checked;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::Extended;
use super::file::File;

/// How a surface's transparency is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum AlphaMode {
    /// Not at all.
    #[default]
    Opaque,
    /// Present from this alpha on.
    Mask(f32),
    /// Mixed with what is behind.
    Blend,
}

/// A texture of a material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TextureRef {
    /// Its index in [`super::Model::textures`].
    pub texture: usize,
    /// Which of [`super::Primitive::uvs`] places it.
    pub channel: u8,
}

/// A surface after the metallic-roughness model; factors are linear.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Material {
    /// Name in the file.
    pub name: String,
    /// Red, green, blue, alpha.
    pub base_color: [f32; 4],
    /// 0 to 1.
    pub metallic: f32,
    /// 0 to 1.
    pub roughness: f32,
    /// Red, green, blue; may exceed 1.
    pub emissive: [f32; 3],
    /// How alpha is meant.
    pub alpha: AlphaMode,
    /// Seen from behind as well.
    pub double_sided: bool,
    /// Not lit.
    pub unlit: bool,
    /// Texture of the base colour.
    pub base_color_texture: Option<TextureRef>,
    /// Green: roughness; blue: metal.
    pub metallic_roughness_texture: Option<TextureRef>,
    /// Normals in tangent space.
    pub normal_texture: Option<TextureRef>,
    /// Red: how much light reaches the place.
    pub occlusion_texture: Option<TextureRef>,
    /// Texture of what shines.
    pub emissive_texture: Option<TextureRef>,
}

/// What is beyond the edge of a texture.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Wrap {
    /// The texture again.
    #[default]
    Repeat,
    /// The texture again, as in a mirror.
    Mirror,
    /// Its edge.
    Clamp,
}

/// A picture with its sampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Texture {
    /// Index in [`super::Model::images`].
    pub image: usize,
    /// What is beyond its edges, along u and v.
    pub wrap: [Wrap; 2],
    /// Smooth instead of in squares.
    pub smooth: bool,
}

/// Texture coordinates as a texture wants them: a set of the file, and how it is placed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct UvSet {
    /// Number of the set.
    pub set: u32,
    /// First row, second row; each a factor of u, one of v, and a shift.
    rows: [[f64; 3]; 2],
}

impl UvSet {
    /// A coordinate where the texture wants it.
    pub fn placed(&self, [u, v]: [f64; 2]) -> [f32; 2] {
        self.rows.map(|[of_u, of_v, shift]| (of_u * u + of_v * v + shift) as f32)
    }
}

/// A material with the coordinates that its textures want.
pub(super) struct Surface {
    pub material: Material,
    pub uv_sets: [Option<UvSet>; 2],
}

impl Surface {
    /// How its textures want the coordinates of a part.
    pub fn wants(&self) -> Wanted {
        let tangents = self.material.normal_texture.map(|texture| usize::from(texture.channel));
        Wanted { uv_sets: self.uv_sets, tangents }
    }
}

/// What of a part its material wants.
#[derive(Clone, Copy, Default)]
pub(super) struct Wanted {
    pub uv_sets: [Option<UvSet>; 2],
    /// Along which of these the tangents run, if any are wanted.
    pub tangents: Option<usize>,
}

/// A texture as some material of a file refers to it.
struct Info<'a> {
    /// Its index in the file.
    texture: usize,
    set: u32,
    transform: Option<&'a Value>,
}

impl<'a> Info<'a> {
    fn new(index: usize, set: u32, extended: &'a impl Extended) -> Self {
        let transform = extended.extension("KHR_texture_transform");
        Self { texture: index, set, transform }
    }

    /// From an extension's own JSON.
    fn of_json(info: &'a Value) -> Option<Self> {
        let texture = usize::try_from(info.get("index")?.as_u64()?).ok()?;
        let set = info.get("texCoord").and_then(Value::as_u64).unwrap_or(0) as u32;
        let transform = info.get("extensions").and_then(|all| all.get("KHR_texture_transform"));
        Some(Self { texture, set, transform })
    }

    fn uv_set(&self) -> UvSet {
        let Some(transform) = self.transform else {
            return UvSet { set: self.set, rows: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]] };
        };
        let pair = |key: &str, or: f64| {
            let entry = |at: usize| transform.get(key).and_then(|list| list.get(at)?.as_f64());
            [0, 1].map(|at| entry(at).filter(|entry| entry.is_finite()).unwrap_or(or))
        };
        let ([x, y], [by_u, by_v]) = (pair("offset", 0.0), pair("scale", 1.0));
        let angle = transform.get("rotation").and_then(Value::as_f64).unwrap_or(0.0);
        let (sine, cosine) = if angle.is_finite() { angle.sin_cos() } else { (0.0, 1.0) };
        let set = transform.get("texCoord").and_then(Value::as_u64);
        // Counter-clockwise in a picture whose v axis points down.
        let rows = [[cosine * by_u, sine * by_v, x], [-sine * by_u, cosine * by_v, y]];
        UvSet { set: set.map_or(self.set, |set| set as u32), rows }
    }
}

/// What a material's textures are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    BaseColor,
    MetallicRoughness,
    Normal,
    Occlusion,
    Emissive,
}

impl Use {
    fn name(self) -> &'static str {
        match self {
            Self::BaseColor => "base colour",
            Self::MetallicRoughness => "metallic-roughness",
            Self::Normal => "normal",
            Self::Occlusion => "occlusion",
            Self::Emissive => "emissive",
        }
    }
}

/// The textures to which a material refers.
fn infos(source: &json::Material) -> Vec<(Use, Info<'_>)> {
    let plain = |info: &'_ json::texture::Info| (info.index.value(), info.tex_coord);
    let pbr = &source.pbr_metallic_roughness;
    let mut list = Vec::new();
    let mut push = |of: Use, info| list.push((of, info));
    let old = source.extension("KHR_materials_pbrSpecularGlossiness");
    let diffuse = old.and_then(|old| Info::of_json(old.get("diffuseTexture")?));
    match (diffuse, &pbr.base_color_texture) {
        (Some(info), _) => push(Use::BaseColor, info),
        (None, Some(info)) if old.is_none() => {
            let (index, set) = plain(info);
            push(Use::BaseColor, Info::new(index, set, info));
        }
        _ => {}
    }
    if let (Some(info), None) = (&pbr.metallic_roughness_texture, old) {
        let (index, set) = plain(info);
        push(Use::MetallicRoughness, Info::new(index, set, info));
    }
    if let Some(info) = &source.normal_texture {
        push(Use::Normal, Info::new(info.index.value(), info.tex_coord, info));
    }
    if let Some(info) = &source.occlusion_texture {
        push(Use::Occlusion, Info::new(info.index.value(), info.tex_coord, info));
    }
    if let Some(info) = &source.emissive_texture {
        let (index, set) = plain(info);
        push(Use::Emissive, Info::new(index, set, info));
    }
    list
}

/// Extensions that name the picture of a texture in a format of their own.
const OTHER_SOURCES: [&str; 4] =
    ["EXT_texture_webp", "KHR_texture_basisu", "EXT_texture_avif", "MSFT_texture_dds"];

/// The picture of a texture in the file.
fn image_of(texture: &json::Texture) -> Option<usize> {
    let named = Some(texture.source.value()).filter(|at| *at != u32::MAX as usize);
    named.or_else(|| {
        let mut sources = OTHER_SOURCES.iter().filter_map(|name| texture.extension(name));
        usize::try_from(sources.next()?.get("source")?.as_u64()?).ok()
    })
}

/// The pictures that materials show, each with the number of copies that the screen keeps of it.
pub(super) fn shown_images(file: &File) -> BTreeMap<usize, usize> {
    let root = &file.document.root;
    let mut copies = std::collections::BTreeSet::new();
    for material in &root.materials {
        for (of, info) in infos(material) {
            let Some(texture) = root.textures.get(info.texture) else { continue };
            if let Some(image) = image_of(texture) {
                let is_color = matches!(of, Use::BaseColor | Use::Emissive);
                copies.insert((image, sampling(file, texture), is_color));
            }
        }
    }
    let mut images = BTreeMap::new();
    copies.into_iter().for_each(|(image, ..)| *images.entry(image).or_insert(0) += 1);
    images
}

/// How a texture is sampled.
fn sampling(file: &File, texture: &json::Texture) -> ([Wrap; 2], bool) {
    let sampler = texture.sampler.and_then(|at| file.document.root.samplers.get(at.value()));
    let Some(sampler) = sampler else { return ([Wrap::Repeat; 2], true) };
    let wrap = |mode: &Checked<WrappingMode>| match mode {
        Checked::Valid(WrappingMode::ClampToEdge) => Wrap::Clamp,
        Checked::Valid(WrappingMode::MirroredRepeat) => Wrap::Mirror,
        _ => Wrap::Repeat,
    };
    let smooth = sampler.mag_filter != Some(Checked::Valid(MagFilter::Nearest));
    ([wrap(&sampler.wrap_s), wrap(&sampler.wrap_t)], smooth)
}

/// Reads all materials; `images` says which picture of the file became which of the model.
pub(super) fn surfaces(
    file: &File,
    images: &HashMap<usize, usize>,
) -> (Vec<Surface>, Vec<Texture>) {
    let mut textures = Textures { file, images, list: Vec::new(), places: HashMap::new() };
    let sources = file.document.root.materials.iter().enumerate();
    let surfaces = sources.map(|(at, source)| surface(file, source, at, &mut textures)).collect();
    (surfaces, textures.list)
}

/// The textures that are used, each once.
struct Textures<'a> {
    file: &'a File,
    images: &'a HashMap<usize, usize>,
    list: Vec<Texture>,
    places: HashMap<Texture, usize>,
}

impl Textures<'_> {
    /// The place of a texture, or why it is not there; `Ok(None)`: that was said elsewhere.
    fn place(&mut self, at: usize) -> Result<Option<usize>, String> {
        let all = &self.file.document.root.textures;
        let count = all.len();
        let source = all
            .get(at)
            .ok_or_else(|| format!("it refers to texture {at}, but the file has only {count}"))?;
        let image = image_of(source).ok_or_else(|| format!("texture {at} has no picture"))?;
        let count = self.file.document.root.images.len();
        if image >= count {
            let refers = format!("texture {at} refers to image {image}");
            return Err(format!("{refers}, but the file has only {count}"));
        }
        // Why a picture is not there is said of the picture.
        let Some(image) = self.images.get(&image) else { return Ok(None) };
        let (wrap, smooth) = sampling(self.file, source);
        let texture = Texture { image: *image, wrap, smooth };
        let list = &mut self.list;
        Ok(Some(*self.places.entry(texture).or_insert_with(|| {
            list.push(texture);
            list.len() - 1
        })))
    }
}

fn surface(file: &File, source: &json::Material, at: usize, textures: &mut Textures) -> Surface {
    let name = File::name(&source.name, "material", at);
    let place = format!("material `{}`", super::remark::shown(&name));
    let tell = |text: String| file.remarks.add(&place, text);
    let pbr = &source.pbr_metallic_roughness;
    let alpha = match source.alpha_mode {
        Checked::Valid(Mode::Blend) => AlphaMode::Blend,
        Checked::Valid(Mode::Mask) => AlphaMode::Mask(source.alpha_cutoff.map_or(0.5, |cut| cut.0)),
        _ => AlphaMode::Opaque,
    };
    let number = |name: &str, key: &str| {
        source.extension(name).and_then(|extension| Some(extension.get(key)?.as_f64()? as f32))
    };
    let shine = number("KHR_materials_emissive_strength", "emissiveStrength").unwrap_or(1.0);
    let mut material = Material {
        base_color: pbr.base_color_factor.0,
        metallic: pbr.metallic_factor.0,
        roughness: pbr.roughness_factor.0,
        emissive: source.emissive_factor.0.map(|entry| entry * shine),
        alpha,
        double_sided: source.double_sided,
        unlit: source.extension("KHR_materials_unlit").is_some(),
        name,
        ..Material::default()
    };
    if let Some(old) = source.extension("KHR_materials_pbrSpecularGlossiness") {
        specular_glossiness(old, &mut material);
        tell("its specular-glossiness is drawn as metallic-roughness".into());
    }
    let through = number("KHR_materials_transmission", "transmissionFactor").unwrap_or(0.0);
    if through > 0.0 && material.alpha == AlphaMode::Opaque {
        // Glass keeps a little of its own colour, else nothing of it would be seen.
        material.alpha = AlphaMode::Blend;
        material.base_color[3] *= 1.0 - 0.8 * through.clamp(0.0, 1.0);
        tell("its transmission is drawn as plain transparency, without refraction".into());
    }
    let mut uv_sets = [None; 2];
    for (of, info) in infos(source) {
        let texture = match textures.place(info.texture) {
            Ok(Some(texture)) => texture,
            Ok(None) => continue,
            Err(error) => {
                tell(format!("its {} texture is left out: {error}", of.name()));
                continue;
            }
        };
        let wanted = info.uv_set();
        let channel = uv_sets.iter().position(|set| set.is_none_or(|set| set == wanted));
        let Some(channel) = channel else {
            let text = "is left out: its textures are placed in more than two ways";
            tell(format!("its {} texture {text}", of.name()));
            continue;
        };
        uv_sets[channel] = Some(wanted);
        let texture = Some(TextureRef { texture, channel: channel as u8 });
        match of {
            Use::BaseColor => material.base_color_texture = texture,
            Use::MetallicRoughness => material.metallic_roughness_texture = texture,
            Use::Normal => material.normal_texture = texture,
            Use::Occlusion => material.occlusion_texture = texture,
            Use::Emissive => material.emissive_texture = texture,
        }
    }
    Surface { material, uv_sets }
}

/// Diffuse, specular and glossiness as base colour, metal and roughness, after the conversion that
/// Khronos gives with the extension.
fn specular_glossiness(old: &Value, material: &mut Material) {
    let numbers = |key: &str| old.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let entry = |list: &[Value], at: usize| {
        list.get(at).and_then(Value::as_f64).unwrap_or(1.0).clamp(0.0, 1.0) as f32
    };
    let (diffuse, specular) = (numbers("diffuseFactor"), numbers("specularFactor"));
    let diffuse: [f32; 4] = std::array::from_fn(|at| entry(&diffuse, at));
    let specular: [f32; 3] = std::array::from_fn(|at| entry(&specular, at));
    let gloss = old.get("glossinessFactor").and_then(Value::as_f64).unwrap_or(1.0);
    material.roughness = 1.0 - gloss.clamp(0.0, 1.0) as f32;
    if old.get("specularGlossinessTexture").is_some() {
        // Its gloss lies in alpha, where metallic-roughness does not look; half is the middle.
        material.roughness = material.roughness.max(0.5);
    }
    /// What a surface that is no metal reflects straight on.
    const DIELECTRIC: f32 = 0.04;
    let bright = |[r, g, b]: [f32; 3]| (0.299 * r * r + 0.587 * g * g + 0.114 * b * b).sqrt();
    let rest = 1.0 - specular.iter().copied().fold(0.0, f32::max);
    let [r, g, b, alpha] = diffuse;
    let (light, mirrored) = (bright([r, g, b]), bright(specular));
    let metallic = if mirrored < DIELECTRIC {
        0.0
    } else {
        let b = light * rest / (1.0 - DIELECTRIC) + mirrored - 2.0 * DIELECTRIC;
        let c = DIELECTRIC - mirrored;
        let root = (b * b - 4.0 * DIELECTRIC * c).max(0.0).sqrt();
        ((-b + root) / (2.0 * DIELECTRIC)).clamp(0.0, 1.0)
    };
    material.metallic = metallic;
    for at in 0..3 {
        let own = diffuse[at] * rest / (1.0 - DIELECTRIC) / (1.0 - metallic).max(1e-4);
        let metal = (specular[at] - DIELECTRIC * (1.0 - metallic)) / metallic.max(1e-4);
        let share = metallic * metallic;
        material.base_color[at] = (own + (metal - own) * share).clamp(0.0, 1.0);
    }
    material.base_color[3] = alpha;
}
