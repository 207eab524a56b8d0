//! What customers and reps say, in Spanish and in English.

/// The same in Spanish and in English.
pub type Text = (&'static str, &'static str);

pub const CONSENT_WORDING: Text = (
    "Acepto recibir noticias y ofertas de Casa Lumbre por correo electrónico.",
    "Yes, please send me news and offers from Casa Lumbre by e-mail.",
);

/// A complaint as it is told, settled and traced back to its cause. Causes
/// are a short closed list, so that they can be counted.
#[derive(Clone, Copy)]
pub struct Grievance {
    pub category: &'static str,
    pub description: Text,
    pub resolution: Text,
    pub root_cause: &'static str,
}

/// What can go wrong on the way to the customer.
pub const PARCEL_GRIEVANCES: &[Grievance] = &[
    Grievance {
        category: "delivery",
        description: (
            "El paquete llegó tres días tarde y con la caja abierta.",
            "The parcel came three days late and the box was open.",
        ),
        resolution: (
            "Se revisó el contenido por teléfono y se devolvió el envío.",
            "Went through the contents by phone and refunded the shipping.",
        ),
        root_cause: "carrier",
    },
    Grievance {
        category: "delivery",
        description: (
            "El rastreo dice entregado, pero aquí no llegó nada.",
            "Tracking says delivered, but nothing has arrived here.",
        ),
        resolution: (
            "La mensajería lo encontró con un vecino; entregado en mano.",
            "The courier had left it next door; handed over in person.",
        ),
        root_cause: "carrier",
    },
];

/// What can go wrong wherever one buys.
pub const GRIEVANCES: &[Grievance] = &[
    Grievance {
        category: "product",
        description: (
            "La lámpara llegó con la pantalla estrellada.",
            "The lamp arrived with a cracked shade.",
        ),
        resolution: ("Se envió una pantalla nueva sin costo.", "Sent a new shade free of charge."),
        root_cause: "packaging",
    },
    Grievance {
        category: "product",
        description: (
            "Una pata de la mesa se aflojó después de dos semanas.",
            "One leg of the table has come loose after two weeks.",
        ),
        resolution: (
            "Pata cambiada en taller, sin costo.",
            "Leg replaced in the workshop, on the house.",
        ),
        root_cause: "product quality",
    },
    Grievance {
        category: "product",
        description: (
            "El tapete no tiene la medida que pedí.",
            "The rug is not the size that I ordered.",
        ),
        resolution: (
            "Cambiado por la medida correcta en 48 horas.",
            "Exchanged for the right size within 48 hours.",
        ),
        root_cause: "order entry",
    },
    Grievance {
        category: "service",
        description: (
            "Esperé cuarenta minutos y nadie me atendió.",
            "I waited forty minutes and nobody served me.",
        ),
        resolution: (
            "Disculpa personal y cita reservada con la encargada.",
            "Apologised in person and booked an appointment with the manager.",
        ),
        root_cause: "staffing",
    },
    Grievance {
        category: "billing",
        description: (
            "Me cobraron dos veces la misma compra.",
            "I was charged twice for the same purchase.",
        ),
        resolution: (
            "Cargo duplicado devuelto; confirmado por el banco.",
            "Duplicate charge returned; the bank has confirmed it.",
        ),
        root_cause: "payment terminal",
    },
];

pub const REFUND_REASONS: &[Text] = &[
    ("No quedó con el espacio.", "Did not suit the room."),
    ("Cambió de opinión.", "Changed their mind."),
    ("La medida no era la correcta.", "Wrong size."),
    ("Llegó con un defecto.", "Arrived with a defect."),
    ("Regalo repetido.", "Was given the same present twice."),
];

/// A meeting, and what was promised in it.
pub const MEETINGS: &[(Text, Text)] = &[
    (
        (
            "Vino con su hija, que se muda pronto. Busca luz cálida para un departamento chico.",
            "Came with her daughter, who is moving soon. Wants warm light for a small apartment.",
        ),
        ("Propuesta de iluminación para el departamento", "Lighting proposal for the apartment"),
    ),
    (
        (
            "Quiere cambiar el comedor este año. Le gustó el candil de Tonalá.",
            "Wants to redo the dining room this year. Liked the Tonalá chandelier.",
        ),
        ("Medidas y precio del candil de Tonalá", "Size and price of the Tonalá chandelier"),
    ),
    (
        (
            "Le cuesta leer de noche. Hablamos de lámparas de lectura; prefiere pensarlo.",
            "Reading at night has become hard. We spoke about reading lamps; would rather think it over.",
        ),
        (
            "Preguntar si quiere probar en casa la lámpara Página",
            "Ask whether a trial of the Página lamp at home is welcome",
        ),
    ),
    (
        (
            "Abre un café en su barrio. Necesita veinte tazas y lámparas colgantes.",
            "Opening a café round the corner. Needs twenty cups and pendant lamps.",
        ),
        ("Cotización de tazas y colgantes para el café", "Quote for the café's cups and pendants"),
    ),
    (
        (
            "Conversación larga sobre los tejidos de Teotitlán; viaja a Oaxaca en un mes.",
            "Long talk about weaving from Teotitlán; travels to Oaxaca in a month.",
        ),
        (
            "Mandar la dirección del taller en Teotitlán",
            "Pass on the address of the workshop in Teotitlán",
        ),
    ),
];

/// A visit: what the customer looked at.
pub const VISITS: &[Text] = &[
    ("Miró varios espejos con calma.", "Looked at several mirrors, in no hurry."),
    ("Preguntó por tapetes hechos a medida.", "Asked about rugs made to measure."),
    ("Pasó por el repuesto de su lámpara.", "Dropped in for a spare part of a lamp."),
    ("Buscaba un regalo de bodas.", "Was looking for a wedding present."),
];

pub const SUPPORT: &[Text] = &[
    ("Preguntó cómo limpiar el barro esmaltado.", "Asked how to clean glazed clay."),
    ("Pidió la factura de su compra.", "Asked for the invoice."),
    ("Dudas sobre la garantía de su lámpara.", "Had questions about the lamp's warranty."),
    ("Quiso saber cuándo llega su pedido.", "Wanted to know when the order would arrive."),
];

pub const CALL_NOTES: &[Text] = &[
    ("Le encantó su compra. Volverá pronto.", "Very happy with it. Will be back soon."),
    (
        "Todo bien; pidió que no se le llame antes de las once.",
        "All well; please not before eleven.",
    ),
    ("Recomendó la tienda a su hermano.", "Has recommended the shop to a brother."),
    (
        "Le gustó la atención; preguntó por velas nuevas.",
        "Liked the service; asked about new candles.",
    ),
];

/// Why a customer no longer comes: a reason as events name it, and the rep's note.
pub const FAREWELLS: &[(&str, Text)] = &[
    ("moved", ("Se mudó a Canadá.", "Has moved to Canada.")),
    ("price", ("Encontró más barato en línea.", "Found it cheaper elsewhere.")),
    ("needs_changed", ("Ya terminó de amueblar su casa.", "Has finished furnishing the house.")),
    (
        "competitor",
        (
            "Compra en una mueblería junto a su oficina.",
            "Buys at a furniture shop near the office.",
        ),
    ),
    (
        "dissatisfied",
        (
            "No olvida el retraso del último pedido.",
            "Still upset about the delay of the last order.",
        ),
    ),
];

pub const PRAISE: &[Text] = &[
    ("Me encantó, justo lo que buscaba.", "Love it, exactly what I was looking for."),
    ("Excelente atención, como siempre.", "Excellent service, as always."),
    ("Precioso empaque y llegó antes de tiempo.", "Beautifully wrapped and early."),
];

pub const SHRUGS: &[Text] = &[
    ("Bien, aunque tardaron en atenderme.", "Fine, though it took a while to be served."),
    ("Correcto, sin más.", "It is all right."),
];

pub const GRUMBLES: &[Text] = &[
    ("No es el color de la foto.", "Not the color in the photo."),
    ("Nadie contestó mis mensajes.", "Nobody answered my messages."),
    ("Esperaba mejor calidad por el precio.", "Expected better quality at this price."),
];
