package simulator

// All names are invented: any given name may meet any family name.

var givenNames = []string{
	"Adaeze", "Ahmed", "Aiko", "Alejandra", "Amara", "Anders", "Anika", "Anthony", "Aoife", "Arjun", "Astrid", "Ayşe",
	"Beatriz", "Benedikt", "Bilal", "Bronwen", "Callum", "Camille", "Carlos", "Chiara", "Chidi", "Clara", "Daniel", "Deepa",
	"Dilnoza", "Dmitri", "Ebony", "Eilidh", "Elena", "Emeka", "Esther", "Farah", "Fatima", "Felix", "Fergus", "Gabriela",
	"Georgia", "Goran", "Grace", "Hana", "Hassan", "Helena", "Hiroshi", "Ibrahim", "Imani", "Ines", "Isaac", "Ivana",
	"Jamal", "Jasmine", "Joanna", "Jonas", "Kaito", "Karolina", "Kemal", "Kwame", "Laila", "Lars", "Leila", "Liam",
	"Linh", "Lucía", "Magnus", "Mai", "Malik", "Marek", "Mariam", "Mateo", "Mei", "Miguel", "Mila", "Minh",
	"Nadia", "Naomi", "Nasrin", "Niamh", "Nikhil", "Noah", "Olga", "Oluwaseun", "Omar", "Owen", "Paloma", "Pavel",
	"Priya", "Rafael", "Rania", "Rhys", "Rosa", "Ruth", "Samira", "Santiago", "Sefa", "Siobhán", "Sofia", "Stefan",
	"Sunita", "Tamsin", "Tariq", "Thandiwe", "Thomas", "Tomasz", "Valentina", "Vikram", "Wei", "Yasmin", "Yusuf", "Zoë",
}

var familyNames = []string{
	"Abara", "Achterberg", "Adeyemi", "Almeida", "Andersen", "Arslan", "Bancroft", "Banerjee", "Barros", "Beaumont", "Bergström",
	"Bianchi", "Boateng", "Brannigan", "Calder", "Carvalho", "Castellanos", "Chaudhry", "Chen", "Cisneros", "Coleman", "Conti",
	"Dabrowski", "Dalgaard", "Desai", "Dhillon", "Diallo", "Dogan", "Drummond", "Dubois", "Eriksen", "Escobedo", "Fairweather",
	"Farouk", "Ferreira", "Fontaine", "Galloway", "Gebre", "Ghosh", "Gordon", "Grześ", "Haddad", "Hargreaves", "Hashimoto",
	"Hoang", "Holloway", "Horvat", "Hussain", "Ibáñez", "Igwe", "Ishikawa", "Ivanov", "Jankowski", "Jayasuriya", "Jensen",
	"Kapoor", "Karimi", "Kaya", "Keller", "Kendrick", "Kovács", "Kuznetsova", "Lamb", "Laurent", "Lindqvist", "Llewellyn",
	"Lombardi", "Mahmoud", "Mbeki", "McAllister", "Mendes", "Moreau", "Mukherjee", "Nakagawa", "Nandakumar", "Ndlovu", "Novak",
	"Nowak", "O'Hanlon", "Okafor", "Olsen", "Oyelaran", "Papadakis", "Pereira", "Petrov", "Pham", "Quinn", "Rahman", "Ravenscroft",
	"Rosenthal", "Saito", "Salazar", "Schreiber", "Sharma", "Silva", "Sokolova", "Stavrou", "Tanaka", "Thorne", "Torres", "Underhill",
	"Varga", "Venkataraman", "Villanueva", "Wachira", "Whitlock", "Winter", "Yamamoto", "Yilmaz", "Zhang", "Zielinska",
}
