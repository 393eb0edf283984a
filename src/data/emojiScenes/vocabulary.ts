/** A kind of thing that scenes show. */
export interface Noun {
  readonly name: string;
  readonly plural: string;
  readonly category: string;
  /** Its icon's name, the same in all three sets. */
  readonly icon: string;
}

/** What nouns of a kind are called together; `singular` and `plural` are what can be counted. */
export interface Category {
  readonly name: string;
  readonly singular: string;
  readonly plural: string;
}

type Row = readonly [singular: string, plural: string, icon?: string];

/** The nouns of each category; a row's icon name is its singular unless it says otherwise. */
const rows: readonly (readonly [Category, readonly Row[]])[] = [
  [
    { name: 'animal', singular: 'animal', plural: 'animals' },
    [
      ['bee', 'bees', 'honeybee'],
      ['butterfly', 'butterflies'],
      ['cat', 'cats'],
      ['cow', 'cows'],
      ['crab', 'crabs'],
      ['dog', 'dogs'],
      ['duck', 'ducks'],
      ['elephant', 'elephants'],
      ['fish', 'fish'],
      ['flamingo', 'flamingos'],
      ['fox', 'foxes'],
      ['frog', 'frogs'],
      ['giraffe', 'giraffes'],
      ['horse', 'horses'],
      ['ladybug', 'ladybugs', 'lady-beetle'],
      ['lion', 'lions'],
      ['owl', 'owls'],
      ['panda', 'pandas'],
      ['peacock', 'peacocks'],
      ['penguin', 'penguins'],
      ['pig', 'pigs'],
      ['snail', 'snails'],
      ['spider', 'spiders'],
      ['turtle', 'turtles'],
      ['whale', 'whales', 'spouting-whale'],
      ['zebra', 'zebras'],
    ],
  ],
  [
    { name: 'fruit', singular: 'fruit', plural: 'fruits' },
    [
      ['apple', 'apples', 'red-apple'],
      ['avocado', 'avocados'],
      ['banana', 'bananas'],
      ['kiwi', 'kiwis', 'kiwi-fruit'],
      ['lemon', 'lemons'],
      ['pear', 'pears'],
      ['pineapple', 'pineapples'],
      ['strawberry', 'strawberries'],
      ['tangerine', 'tangerines'],
      ['watermelon', 'watermelons'],
    ],
  ],
  [
    { name: 'vegetable', singular: 'vegetable', plural: 'vegetables' },
    [
      ['carrot', 'carrots'],
      ['cucumber', 'cucumbers'],
      ['eggplant', 'eggplants'],
      ['mushroom', 'mushrooms'],
      ['onion', 'onions'],
      ['pepper', 'peppers', 'hot-pepper'],
      ['tomato', 'tomatoes'],
    ],
  ],
  [
    { name: 'snack', singular: 'snack', plural: 'snacks' },
    [
      ['cake', 'cakes', 'birthday-cake'],
      ['cookie', 'cookies'],
      ['croissant', 'croissants'],
      ['cupcake', 'cupcakes'],
      ['donut', 'donuts', 'doughnut'],
      ['hamburger', 'hamburgers'],
      ['lollipop', 'lollipops'],
      ['pizza', 'pizzas'],
      ['pretzel', 'pretzels'],
      ['taco', 'tacos'],
    ],
  ],
  [
    { name: 'vehicle', singular: 'vehicle', plural: 'vehicles' },
    [
      ['airplane', 'airplanes'],
      ['ambulance', 'ambulances'],
      ['bicycle', 'bicycles'],
      ['bus', 'buses'],
      ['car', 'cars', 'automobile'],
      ['helicopter', 'helicopters'],
      ['motorcycle', 'motorcycles'],
      ['rocket', 'rockets'],
      ['sailboat', 'sailboats'],
      ['tractor', 'tractors'],
      ['train', 'trains'],
      ['truck', 'trucks', 'delivery-truck'],
    ],
  ],
  [
    { name: 'building', singular: 'building', plural: 'buildings' },
    [
      ['castle', 'castles'],
      ['church', 'churches'],
      ['factory', 'factories'],
      ['house', 'houses'],
      ['hut', 'huts'],
      ['tower', 'towers', 'tokyo-tower'],
    ],
  ],
  [
    { name: 'furniture', singular: 'piece of furniture', plural: 'pieces of furniture' },
    [
      ['bathtub', 'bathtubs'],
      ['bed', 'beds'],
      ['chair', 'chairs'],
      ['couch', 'couches', 'couch-and-lamp'],
      ['door', 'doors'],
    ],
  ],
  [
    { name: 'tool', singular: 'tool', plural: 'tools' },
    [
      ['axe', 'axes'],
      ['broom', 'brooms'],
      ['bucket', 'buckets'],
      ['hammer', 'hammers'],
      ['key', 'keys'],
      ['ladder', 'ladders'],
      ['magnet', 'magnets'],
      ['paperclip', 'paperclips'],
      ['pencil', 'pencils'],
      ['screwdriver', 'screwdrivers'],
      ['toolbox', 'toolboxes'],
      ['wrench', 'wrenches'],
    ],
  ],
  [
    { name: 'device', singular: 'device', plural: 'devices' },
    [
      ['camera', 'cameras'],
      ['clock', 'clocks', 'alarm-clock'],
      ['laptop', 'laptops'],
      ['telephone', 'telephones'],
      ['television', 'televisions'],
    ],
  ],
  [
    { name: 'clothing', singular: 'piece of clothing', plural: 'pieces of clothing' },
    [
      ['boot', 'boots', 'womans-boot'],
      ['crown', 'crowns'],
      ['dress', 'dresses'],
      ['hat', 'hats', 'top-hat'],
      ['scarf', 'scarves'],
      ['shirt', 'shirts', 't-shirt'],
      ['shoe', 'shoes', 'running-shoe'],
    ],
  ],
  [
    { name: 'sports gear', singular: 'piece of sports gear', plural: 'pieces of sports gear' },
    [
      ['baseball', 'baseballs'],
      ['basketball', 'basketballs'],
      ['boxing glove', 'boxing gloves', 'boxing-glove'],
      ['football', 'footballs', 'american-football'],
      ['kite', 'kites'],
      ['skateboard', 'skateboards'],
      ['soccer ball', 'soccer balls', 'soccer-ball'],
      ['target', 'targets', 'bullseye'],
    ],
  ],
  [
    { name: 'instrument', singular: 'instrument', plural: 'instruments' },
    [
      ['accordion', 'accordions'],
      ['bell', 'bells'],
      ['drum', 'drums'],
      ['guitar', 'guitars'],
      ['saxophone', 'saxophones'],
      ['trumpet', 'trumpets'],
      ['violin', 'violins'],
    ],
  ],
  [
    { name: 'plant', singular: 'plant', plural: 'plants' },
    [
      ['cactus', 'cactuses'],
      ['clover', 'clovers', 'four-leaf-clover'],
      ['leaf', 'leaves', 'maple-leaf'],
      ['rose', 'roses'],
      ['sunflower', 'sunflowers'],
      ['tree', 'trees', 'deciduous-tree'],
      ['tulip', 'tulips'],
    ],
  ],
];

/** Every category, in a fixed order. */
export const categories: readonly Category[] = rows.map(([category]) => category);

/** Every noun, in a fixed order; a noun's place + 1 is its COCO category id. */
export const nouns: readonly Noun[] = rows.flatMap(([category, members]) =>
  members.map(([name, plural, icon = name]) => ({ name, plural, icon, category: category.name })),
);

const nounByName = new Map(nouns.map((noun) => [noun.name, noun]));
const categoryByName = new Map(categories.map((category) => [category.name, category]));

/** The noun of that name; throws RangeError where there is none. */
export function nounNamed(name: string): Noun {
  const noun = nounByName.get(name);
  if (!noun) throw new RangeError(`no noun is called ${name}`);
  return noun;
}

/** The category that a noun belongs to. */
export const categoryOf = (noun: Noun): Category => categoryByName.get(noun.category)!;
